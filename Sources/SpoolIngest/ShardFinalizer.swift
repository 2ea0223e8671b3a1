package import FoundationEssentials
package import IncrementalBias
package import PosixSupport
package import ShardFormats
package import SpoolProtocol
package import WireAPI

/// The outcome of an attempt to publish a decided shard.
package enum PublishOutcome {
    /// The shard's files are in `done/` or deleted, and its receipt is in `done/`.
    case done(Receipt)
    /// The shard's files and its error document are in `failed/`.
    case failed(ShardFailure)
    /// The system can't move or write one of the files. The steps before it are done.
    case waiting(SystemError)
}

/// Moves a decided shard from `processing/` to `done/` or `failed/` and writes its receipt or error document.
///
/// Each step can be repeated, so that publishing starts from the beginning after a fault.
///
/// First the sidecars move to a separate folder below `processing/`. A recovery therefore knows that a sidecar in
/// `processing/images/` without a shard belongs to an interrupted claim, and a sidecar in `processing/done/images/` to
/// a shard that took effect.
package struct ShardFinalizer: Sendable {
    /// The spool.
    package let folders: SpoolFolders
    /// What happens to the files of a shard that took effect.
    package let finishedShards: FinishedShardAction

    /// The writer of receipts and error documents.
    package var documents: SpoolDocuments { SpoolDocuments(folders) }

    /// A finalizer for a spool.
    package init(_ folders: SpoolFolders, finishedShards: FinishedShardAction) {
        self.folders = folders
        self.finishedShards = finishedShards
    }

    /// Publishes a shard.
    ///
    /// - Throws: a fault of the whole spool, such as a full disk.
    package func publish(_ shard: DecidedShard) throws -> PublishOutcome {
        do {
            switch shard.decision {
            case .committed(let receipt, let unchanged):
                try publish(shard.claimed, receipt, unchanged: unchanged)
                return .done(receipt)
            case .rejected(let error):
                return .failed(try reject(shard.claimed, error))
            }
        } catch let error as SystemError where error.holdsUpOneFile {
            return .waiting(error)
        }
    }

    /// Moves the files, then writes the receipt, for which producers wait.
    private func publish(_ shard: ClaimedShard, _ receipt: Receipt, unchanged: Bool) throws {
        let role = shard.key.role
        try detachSidecars(of: shard, for: .done)
        try complete(path(of: shard), role)
        for sidecar in shard.sidecars { try finishSidecar(sidecar, role, .done) }
        try documents.write(receipt, unchanged: unchanged)
    }

    /// Writes the error document, then moves the files.
    ///
    /// If a crash comes between, the shard is rejected again.
    private func reject(_ shard: ClaimedShard, _ error: ShardError) throws -> ShardFailure {
        // The document has the time when this shard was received. A producer that drops another shard of this name
        // meanwhile can tell from it that the document belongs to the earlier shard.
        let failure = try writeRejection(of: shard.key, error, now: shard.received)
        try detachSidecars(of: shard, for: .failed)
        let target = "\(folders.failed(shard.key.role))/\(shard.key.name)"
        try folders.moveAside(path(of: shard), to: target)
        for sidecar in shard.sidecars { try finishSidecar(sidecar, shard.key.role, .failed) }
        return failure
    }

    /// Writes the error document of a shard.
    ///
    /// Does not move its files.
    @discardableResult
    package func writeRejection(of key: ShardKey, _ error: ShardError, now: Date) throws -> ShardFailure {
        let failure = ShardFailure(
            name: key.name, kind: key.role.rawValue, code: error.code.rawValue, message: error.message,
            advice: error.advice, rows: error.rows, rejected: now)
        try documents.write(failure, key.role)
        return failure
    }

    /// Rejects a file of an incoming folder: writes the error document, then moves the file.
    ///
    /// - Parameter movesSidecar: whether its sidecars move with it.
    /// - Throws: ``SystemError`` if the system doesn't write or move.
    package func reject(
        _ file: SpoolFile, _ error: ShardError, movesSidecar: Bool, now: Date
    ) throws -> ShardFailure {
        let role = file.key.role
        let failure = try writeRejection(of: file.key, error, now: now)
        let path = "\(folders.incoming(role))/\(file.key.name)"
        let target = "\(folders.failed(role))/\(file.key.name)"
        try folders.moveAside(path, to: target)
        if let moved = try FileSystem.entry(target), !moved.isSameFile(as: file.entry) {
            // A producer has replaced the file at this moment: what came is another shard.
            _ = try folders.moveIfFree(target, to: path)
            return failure
        }
        for sidecar in file.key.sidecars where movesSidecar {
            try folders.moveAside(
                "\(folders.incoming(role))/\(sidecar)", to: "\(folders.failed(role))/\(sidecar)")
        }
        return failure
    }

    /// Rejects a file whose name isn't UTF-8.
    ///
    /// Its error document is named after ``FileName/escaped``.
    ///
    /// - Throws: ``SystemError`` if the system can't write the document or move the file.
    package func reject(_ file: UnnamedFile, now: Date) throws -> ShardFailure {
        let escaped = file.name.escaped
        let failure = ShardFailure(
            name: escaped, kind: file.role.rawValue, code: "bad_name", message: "The file's name is not UTF-8.",
            advice: "Give it a name in UTF-8 and drop it again.", rows: [], rejected: now)
        try documents.write(failure, file.role)
        let target = Array("\(folders.failed(file.role))/".utf8)
        let incoming = folders.incoming(file.role)
        do throws(SystemError) {
            try FileSystem.move(file.name, in: incoming, to: target + file.name.bytes)
        } catch {
            guard error.isCausedByFolder else { throw error }
            let other = SpoolNames.document(escaped, ".\(Int(now.timeIntervalSince1970 * 1e9))")
            try FileSystem.move(file.name, in: incoming, to: target + Array(other.utf8))
        }
        return failure
    }

    /// Moves a sidecar to `done/` or `failed/`, after its shard.
    package func finishSidecar(
        _ name: String, _ role: VectorRole, _ destination: SpoolFolders.Destination
    ) throws(SystemError) {
        let path = "\(folders.leaving(destination, role))/\(name)"
        switch destination {
        case .done: try complete(path, role)
        case .failed: try folders.moveAside(path, to: "\(folders.failed(role))/\(name)")
        }
    }

    private func path(of shard: ClaimedShard) -> String { "\(folders.processing(shard.key.role))/\(shard.key.name)" }

    private func detachSidecars(
        of shard: ClaimedShard, for destination: SpoolFolders.Destination
    ) throws(SystemError) {
        let role = shard.key.role
        for name in shard.sidecars {
            try folders.move("\(folders.processing(role))/\(name)", to: "\(folders.leaving(destination, role))/\(name)")
        }
    }

    /// Moves a file of a committed shard to `done/`, or deletes it.
    private func complete(_ path: String, _ role: VectorRole) throws(SystemError) {
        switch finishedShards {
        case .move: try folders.moveAside(path, to: "\(folders.done(role))/\(FileSystem.name(of: path))")
        case .delete: try FileSystem.remove(path)
        }
    }
}
