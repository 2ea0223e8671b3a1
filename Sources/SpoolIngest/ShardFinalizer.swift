package import FoundationEssentials
package import IncrementalBias
package import PosixSupport
package import ShardFormats
package import SpoolProtocol
package import WireAPI

/// What became of a decided shard that was to be published.
package enum PublishOutcome {
    /// Its files are in `done/`, or deleted, and its receipt is there.
    case done(Receipt)
    /// Its files and the reason are in `failed/`.
    case failed(ShardFailure)
    /// The system doesn't move or write one of the files; those before it have been published.
    case waiting(SystemError)
}

/// Moves a decided shard from `processing/` to `done/` or `failed/` and writes its receipt or error document.
///
/// Each step can be done again, so that publishing is repeated from the start after a fault.
///
/// The sidecar moves to a folder of its own first: a sidecar in `processing/images/` without its shard then belongs to a
/// claim that was cut off, and a sidecar in `processing/done/images/` to a shard that took effect.
package struct ShardFinalizer: Sendable {
    /// The spool.
    package let folders: SpoolFolders
    /// What becomes of the files of a shard that took effect.
    package let completedShards: CompletedShardAction

    /// Writes the documents.
    package var documents: SpoolDocuments { SpoolDocuments(folders) }

    /// A finalizer for a spool.
    package init(_ folders: SpoolFolders, completedShards: CompletedShardAction) {
        self.folders = folders
        self.completedShards = completedShards
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

    /// Moves the files, then writes the receipt: clients wait for it.
    private func publish(_ shard: ClaimedShard, _ receipt: Receipt, unchanged: Bool) throws {
        let role = shard.key.role
        try detachSidecar(of: shard, for: .done)
        try complete(path(of: shard), role)
        if let sidecar = shard.sidecar { try finishSidecar(sidecar, role, .done) }
        try documents.write(receipt, unchanged: unchanged)
    }

    /// Writes the error document, then moves the files: a producer can come with another file as soon as it knows.
    private func reject(_ shard: ClaimedShard, _ error: ShardError) throws -> ShardFailure {
        // A client that drops another shard of this name meanwhile must not take the document for its own: that shard came
        // after this one was received.
        let failure = try writeRejection(of: shard.key, error, now: shard.received)
        try detachSidecar(of: shard, for: .failed)
        let target = "\(folders.failed(shard.key.role))/\(Self.nameOnceRejected(shard.key.name))"
        try folders.moveAside(path(of: shard), to: target)
        if let sidecar = shard.sidecar { try finishSidecar(sidecar, shard.key.role, .failed) }
        return failure
    }

    /// Writes the error document of a shard and leaves its files where they are.
    @discardableResult
    package func writeRejection(of key: ShardKey, _ error: ShardError, now: Date) throws -> ShardFailure {
        let failure = ShardFailure(
            name: key.name, kind: key.role.rawValue, code: error.code.rawValue, message: error.message,
            advice: error.advice, rows: error.rows, rejected: now)
        try documents.write(failure, key.role)
        return failure
    }

    /// Rejects a file whose name isn't UTF-8; its document has an escaped name.
    ///
    /// - Throws: ``SystemError`` where the system doesn't write or move.
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
            guard error.meansObstacle else { throw error }
            let other = SpoolNames.document(escaped, ".\(Int(now.timeIntervalSince1970 * 1e9))")
            try FileSystem.move(file.name, in: incoming, to: target + Array(other.utf8))
        }
        return failure
    }

    /// Moves a sidecar whose shard has left `processing/` to where the shard is.
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

    private func detachSidecar(
        of shard: ClaimedShard, for destination: SpoolFolders.Destination
    ) throws(SystemError) {
        guard let name = shard.sidecar else { return }
        let role = shard.key.role
        try folders.move("\(folders.processing(role))/\(name)", to: "\(folders.leaving(destination, role))/\(name)")
    }

    /// Moves a file that took effect to `done/`, or deletes it.
    private func complete(_ path: String, _ role: VectorRole) throws(SystemError) {
        switch completedShards {
        case .move: try folders.moveAside(path, to: "\(folders.done(role))/\(FileSystem.name(of: path))")
        case .delete: try FileSystem.remove(path)
        }
    }

    /// The name of a rejected file: its own, unless the documents of other shards have such names.
    private static func nameOnceRejected(_ name: String) -> String {
        SpoolNames.isDocument(name) ? SpoolNames.document(name, ".rejected") : name
    }
}
