package import FoundationEssentials
internal import Glibc
package import IncrementalBias
internal import Observability
package import PosixSupport
package import ShardFormats
package import SpoolProtocol
package import WireAPI

/// Takes files out of the incoming folders once their fate is decided, and leaves the document that tells it.
package struct ShardFinalizer: Sendable {
    package let folders: SpoolFolders
    package let completedShards: CompletedShardAction

    /// The most bytes that a receipt's document has.
    private static let documentBytes = 1 << 20

    /// Puts away a shard that took effect: its file, its ids, then its receipt.
    ///
    /// - Parameters:
    ///   - ids: the ``FileSystem/Entry/stamp`` of the file of ids that was read with it; empty where there was none.
    ///   - unchanged: whether it had taken effect before.
    package func finish(_ file: WaitingFile, ids: [UInt8], _ receipt: Receipt, unchanged: Bool) throws {
        try take(file) { taken in try dispose(taken, to: "\(folders.done(file.kind))/\(file.name)") }
        try finishIDs(ids, of: receipt)
        try write(ShardReceipt(receipt, unchanged: unchanged), in: folders.done(file.kind), file.name, ".receipt.json")
    }

    /// Puts away a shard that was refused: the reason, then its file, then its ids.
    ///
    /// - Parameter ids: the file of ids that was there when it was read.
    /// - Returns: the reason, and the name of the file of ids that is to follow, if there is one; `nil` where another file
    ///   has come in its place, and nobody waits to be told.
    package func refuse(_ file: WaitingFile, ids: FileSystem.Entry?, _ error: ShardError, now: Date) throws
        -> (ShardFailure, ids: String?)?
    {
        let place = file.isTaken ? folders.taken(file.kind) : folders.incoming(file.kind)
        guard try isStill(file, at: "\(place)/\(file.name)") else { return nil }
        let failure = ShardFailure(
            name: file.name, kind: file.kind.rawValue, code: error.code.rawValue, message: error.message,
            advice: error.advice, rows: error.rows, rejected: now)
        let folder = folders.failed(file.kind)
        try write(failure, in: folder, file.name, ".error.json")
        let isAway = try take(file) { taken in
            try moveAside(taken, to: "\(folder)/\(Self.nameOnceRefused(file.name))", file.entry)
        }
        // Once the reason was there the producer may have come with others.
        guard isAway, let ids, let name = SpoolNames.sidecar(of: file.name),
            try FileSystem.entry("\(folders.incoming(file.kind))/\(name)") == ids
        else { return (failure, nil) }
        return (failure, name)
    }

    /// Puts away a shard that took effect, and whose file lies in the spool since: a crash, or a folder that it could not
    /// be moved into, came in between.
    package func finishLate(_ file: WaitingFile, ids: [UInt8], _ receipt: Receipt) throws {
        try take(file) { taken in try dispose(taken, to: "\(folders.done(file.kind))/\(file.name)") }
        try finishRest(of: receipt, ids: ids)
    }

    /// Does again what a crash may have cut short between a commit and the end of ``finish(_:ids:_:unchanged:)``.
    ///
    /// A shard that is still in the spool is left: it will be seen to have taken effect, and put away then.
    ///
    /// - Returns: whether all of it is away.
    package func heal(_ receipt: Receipt, ids: [UInt8]) throws -> Bool {
        if try FileSystem.entry("\(folders.taken(receipt.kind))/\(receipt.name)") != nil { return false }
        if try sha256(of: "\(folders.incoming(receipt.kind))/\(receipt.name)") == receipt.sha256 { return false }
        try finishRest(of: receipt, ids: ids)
        return true
    }

    /// What follows once the file of a shard is away: its ids, then its receipt.
    private func finishRest(of receipt: Receipt, ids: [UInt8]) throws {
        try finishIDs(ids, of: receipt)
        guard try !hasDocument(receipt) else { return }
        try write(
            ShardReceipt(receipt, unchanged: false), in: folders.done(receipt.kind), receipt.name, ".receipt.json")
    }

    /// The names of files of ids that were left lying when their shards were refused.
    ///
    /// They had come before the shard was moved: others are for a shard that is still to come.
    package func leftIDs(_ kind: VectorRole) throws -> [String] {
        var left: [String] = []
        try FileSystem.forEachName(in: folders.incoming(kind)) { name in
            guard let name = name.text, name.hasSuffix(".ids"), !name.hasPrefix(".") else { return }
            let shards = ShardFormat.allCases.map { "\(name.dropLast(4)).\($0.rawValue)" }
            let waits = try shards.contains { shard in
                try [folders.incoming(kind), folders.taken(kind)].contains {
                    try FileSystem.entry("\($0)/\(shard)") != nil
                }
            }
            guard !waits, let ids = try FileSystem.entry("\(folders.incoming(kind))/\(name)") else { return }
            let isLeft = try shards.contains { shard in
                try FileSystem.entry("\(folders.failed(kind))/\(shard)").map { ids.changed < $0.changed } ?? false
            }
            if isLeft { left.append(name) }
        }
        return left
    }

    /// Puts a file of ids beside its refused shard.
    package func refuseIDs(_ name: String, _ kind: VectorRole) throws {
        let path = "\(folders.incoming(kind))/\(name)"
        try moveAside(path, to: "\(folders.failed(kind))/\(name)", try FileSystem.entry(path))
    }

    /// The digest of a file; `nil` where there is none that can be a shard.
    private func sha256(of path: String) throws -> String? {
        do {
            return try OpenShard(path: path, limit: .max)?.readDigest()
        } catch is ShardError {
            return nil
        } catch is OpenShard.EndedEarly {
            return nil
        }
    }

    /// Whether the receipt in `done/` is this one, and not that of an earlier shard of its name.
    private func hasDocument(_ receipt: Receipt) throws -> Bool {
        let name = SpoolNames.document(receipt.name, ".receipt.json")
        let path = "\(folders.done(receipt.kind))/\(name)"
        guard let file = try? ShardFile(path: path, limit: Self.documentBytes) else { return false }
        let document = try? WireJSON.decode(ShardReceipt.self, from: Data(file.bytes ?? []))
        return document?.generation == receipt.generation && document?.sha256 == receipt.sha256
    }

    /// Takes away a file whose name isn't text, and so can't be told of in any document but by an escaped one.
    package func refuse(_ name: FileName, _ kind: VectorRole, now: Date) throws -> ShardFailure {
        let failure = ShardFailure(
            name: name.escaped, kind: kind.rawValue, code: "bad_name",
            message: "The file's name is not UTF-8.", advice: "Give it a name in UTF-8 and drop it again.", rows: [],
            rejected: now)
        try write(failure, in: folders.failed(kind), name.escaped, ".error.json")
        let target = Array("\(folders.failed(kind))/".utf8)
        do throws(SystemError) {
            try FileSystem.move(name, in: folders.incoming(kind), to: target + name.bytes)
        } catch {
            guard Self.meansAnotherKind(error) else { throw error }
            let other = SpoolNames.document(name.escaped, ".\(Int(now.timeIntervalSince1970 * 1e9))")
            try FileSystem.move(name, in: folders.incoming(kind), to: target + Array(other.utf8))
        }
        return failure
    }

    /// Whether an earlier file of this name is still to be put away.
    package func isOccupied(_ file: WaitingFile) throws -> Bool {
        try !file.isTaken && FileSystem.entry("\(folders.taken(file.kind))/\(file.name)") != nil
    }

    /// Takes `file` out of its incoming folder, and calls `body` with where it lies then; not if another file has come
    /// under its name meanwhile, which then waits for its own turn.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    private func take(_ file: WaitingFile, _ body: (String) throws -> Void) throws -> Bool {
        let taken = "\(folders.taken(file.kind))/\(file.name)"
        if !file.isTaken {
            guard try !isOccupied(file) else { throw SystemError("take \(taken)", number: EEXIST) }
            let waiting = "\(folders.incoming(file.kind))/\(file.name)"
            guard try isStill(file, at: waiting) else { return false }
            try FileSystem.move(waiting, to: taken)
        }
        guard try isStill(file, at: taken) else { return false }
        try body(taken)
        return true
    }

    private func isStill(_ file: WaitingFile, at path: String) throws -> Bool {
        try FileSystem.entry(path)?.isSameFile(as: file.entry) ?? false
    }

    /// What a refused file is called: as before, unless that is how the documents of others are called.
    private static func nameOnceRefused(_ name: String) -> String {
        [".error.json", ".receipt.json"].contains { name.hasSuffix($0) } ? SpoolNames.document(name, ".rejected") : name
    }

    private func dispose(_ path: String, to target: String) throws {
        switch completedShards {
        case .move: try moveAside(path, to: target, nil)
        case .delete: try FileSystem.remove(path)
        }
    }

    /// Moves to `target`, or beside it where what lies there is of another kind.
    private func moveAside(_ path: String, to target: String, _ entry: FileSystem.Entry?) throws {
        do throws(SystemError) {
            try FileSystem.move(path, to: target)
        } catch {
            guard Self.meansAnotherKind(error) else { throw error }
            try FileSystem.move(path, to: Self.place(beside: target, entry))
        }
    }

    /// Whether a file can't replace what lies there because one of them is a folder.
    private static func meansAnotherKind(_ error: SystemError) -> Bool {
        [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST].contains(error.number)
    }

    /// A path beside `target` for what can't have that name.
    private static func place(beside target: String, _ entry: FileSystem.Entry?) -> String {
        let folder = FileSystem.parent(of: target) ?? ""
        return "\(folder)/\(SpoolNames.document(FileSystem.name(of: target), ".\(entry?.changed ?? 0)"))"
    }

    /// Puts away the file of ids that was read with a shard; another that has come in its place is left.
    private func finishIDs(_ stamp: [UInt8], of receipt: Receipt) throws {
        guard let name = SpoolNames.sidecar(of: receipt.name) else { return }
        let path = "\(folders.incoming(receipt.kind))/\(name)"
        guard try FileSystem.entry(path)?.stamp == stamp else { return }
        try dispose(path, to: "\(folders.done(receipt.kind))/\(name)")
    }

    private func write(_ document: some Encodable, in folder: String, _ name: String, _ suffix: String) throws {
        let bytes = try WireJSON.encode(document, pretty: true)
        let path = "\(folder)/\(SpoolNames.document(name, suffix))"
        // A folder of this name may have been refused, and lie here now.
        if let obstacle = try FileSystem.entry(path), !obstacle.isRegularFile {
            try FileSystem.move(path, to: Self.place(beside: path, obstacle))
        }
        try FileSystem.writeAtomically(Array(bytes) + [UInt8(ascii: "\n")], to: path)
    }
}
