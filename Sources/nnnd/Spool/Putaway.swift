import Crypto
import FoundationEssentials
import Glibc
import IncrementalBias
import Shards
import Wire

/// Takes files out of the incoming folders once their fate is decided, and leaves the document that tells it.
struct Putaway: Sendable {
    let folders: SpoolFolders
    let finishedShards: ServeSettings.FinishedShards

    /// Puts away a shard that took effect: its file, its ids, then its receipt.
    ///
    /// - Parameters:
    ///   - ids: the file of ids that was read with it.
    ///   - unchanged: whether it had taken effect before.
    func finish(_ file: WaitingFile, ids: FileSystem.Entry?, _ receipt: Receipt, unchanged: Bool) throws {
        try take(file) { taken in try dispose(taken, to: "\(folders.done(file.kind))/\(file.name)") }
        if let ids { try finishIDs(of: receipt) { try FileSystem.entry($0) == ids } }
        try write(ShardReceipt(receipt, unchanged: unchanged), in: folders.done(file.kind), file.name, ".receipt.json")
    }

    /// Puts away a shard that was refused: the reason, then its file and its ids.
    func refuse(_ file: WaitingFile, _ error: ShardError, now: Date) throws -> ShardFailure {
        let failure = ShardFailure(
            name: file.name, kind: file.kind.rawValue, code: error.code.rawValue, message: error.message,
            advice: error.advice, rows: error.rows, refused: now)
        let folder = folders.failed(file.kind)
        // Once the reason is there the producer may come with others.
        let ids = try idsEntry(of: file)
        try write(failure, in: folder, file.name, ".error.json")
        try take(file) { taken in try moveAside(taken, to: "\(folder)/\(file.name)", file.entry) }
        if let name = Self.idsName(of: file.name), let ids, try idsEntry(of: file) == ids {
            try FileSystem.move("\(folders.incoming(file.kind))/\(name)", to: "\(folder)/\(name)")
        }
        return failure
    }

    /// Does again what a crash may have cut short between a commit and the end of ``finish(_:ids:_:unchanged:)``.
    ///
    /// A shard that is still in the spool is left: it will be seen to have taken effect, and put away then.
    func heal(_ receipt: Receipt) throws {
        for folder in [folders.incoming(receipt.kind), folders.taken(receipt.kind)] {
            if try FileSystem.entry("\(folder)/\(receipt.name)") != nil { return }
        }
        if let hash = receipt.idsSHA256, try !doneIDs(of: receipt, are: hash) {
            try finishIDs(of: receipt) { try ShardFile(path: $0, limit: .max)?.sha256 == hash }
        }
        guard try !hasDocument(receipt) else { return }
        try write(
            ShardReceipt(receipt, unchanged: false), in: folders.done(receipt.kind), receipt.name, ".receipt.json")
    }

    /// Puts away ids that a crash has left lying when their shard had been refused.
    ///
    /// They had come before the shard was moved: others are for a shard that is still to come.
    func healRefusals(_ kind: Kind) throws {
        var names: [String] = []
        try FileSystem.forEachName(in: folders.incoming(kind)) { name in
            if let text = name.text, text.hasSuffix(".ids"), !text.hasPrefix(".") { names.append(text) }
        }
        for name in names {
            let path = "\(folders.incoming(kind))/\(name)"
            let shards = ShardFormat.allCases.map { "\(name.dropLast(4)).\($0.rawValue)" }
            let waits = try shards.contains { shard in
                try [folders.incoming(kind), folders.taken(kind)].contains {
                    try FileSystem.entry("\($0)/\(shard)") != nil
                }
            }
            guard !waits, let ids = try FileSystem.entry(path) else { continue }
            let isLeft = try shards.contains { shard in
                try FileSystem.entry("\(folders.failed(kind))/\(shard)").map { ids.changed < $0.changed } ?? false
            }
            if isLeft { try FileSystem.move(path, to: "\(folders.failed(kind))/\(name)") }
        }
    }

    /// The file of ids that lies beside a shard.
    private func idsEntry(of file: WaitingFile) throws -> FileSystem.Entry? {
        guard let name = Self.idsName(of: file.name) else { return nil }
        return try FileSystem.entry("\(folders.incoming(file.kind))/\(name)")
    }

    /// Whether the ids in `done/` are those of this shard, and not of an earlier one of its name.
    private func doneIDs(of receipt: Receipt, are hash: String) throws -> Bool {
        guard let name = Self.idsName(of: receipt.name) else { return true }
        return try ShardFile(path: "\(folders.done(receipt.kind))/\(name)", limit: .max)?.sha256 == hash
    }

    /// Whether the receipt in `done/` is this one, and not that of an earlier shard of its name.
    private func hasDocument(_ receipt: Receipt) throws -> Bool {
        let name = Self.documentName(receipt.name, ".receipt.json")
        guard let file = try ShardFile(path: "\(folders.done(receipt.kind))/\(name)", limit: .max) else { return false }
        let document = try? WireJSON.decode(ShardReceipt.self, from: Data(file.bytes ?? []))
        return document?.generation == receipt.generation && document?.sha256 == receipt.sha256
    }

    /// The name of the file with the ids of a shard: `words.ids` for `words.npy`; `nil` where it can have none.
    static func idsName(of name: String) -> String? {
        ShardFormat(fileName: name).flatMap { $0.name(of: name) }.map { "\($0).ids" }
    }

    /// Takes away a file whose name isn't text, and so can't be told of in any document but by an escaped one.
    func refuse(_ name: Name, _ kind: Kind, now: Date) throws -> ShardFailure {
        let failure = ShardFailure(
            name: name.escaped, kind: kind.rawValue, code: "bad_name",
            message: "The file's name is not UTF-8.", advice: "Give it a name in UTF-8 and drop it again.", rows: [],
            refused: now)
        try write(failure, in: folders.failed(kind), name.escaped, ".error.json")
        let target = Array(folders.failed(kind).utf8) + [UInt8(ascii: "/")] + name.bytes
        try FileSystem.move(name, in: folders.incoming(kind), to: target)
        return failure
    }

    /// Takes `file` out of its incoming folder, and calls `body` with where it lies then; not if another file has come
    /// under its name meanwhile, which then waits for its own turn.
    private func take(_ file: WaitingFile, _ body: (String) throws -> Void) throws {
        let taken = "\(folders.taken(file.kind))/\(file.name)"
        if !file.isTaken { try FileSystem.move("\(folders.incoming(file.kind))/\(file.name)", to: taken) }
        guard let entry = try FileSystem.entry(taken), entry.isSameFile(as: file.entry) else { return }
        try body(taken)
    }

    private func dispose(_ path: String, to target: String) throws {
        switch finishedShards {
        case .move: try moveAside(path, to: target, nil)
        case .delete: try FileSystem.remove(path)
        }
    }

    /// Moves to `target`, or beside it where what lies there is of another kind.
    private func moveAside(_ path: String, to target: String, _ entry: FileSystem.Entry?) throws {
        do throws(SystemError) {
            try FileSystem.move(path, to: target)
        } catch {
            guard [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST].contains(error.number) else { throw error }
            let folder = FileSystem.parent(of: target) ?? ""
            try FileSystem.move(
                path, to: "\(folder)/\(Self.documentName(FileSystem.name(of: target), ".\(entry?.changed ?? 0)"))")
        }
    }

    private func finishIDs(of receipt: Receipt, if isOurs: (String) throws -> Bool) throws {
        guard let name = Self.idsName(of: receipt.name) else { return }
        let path = "\(folders.incoming(receipt.kind))/\(name)"
        guard try FileSystem.entry(path) != nil, try isOurs(path) else { return }
        try dispose(path, to: "\(folders.done(receipt.kind))/\(name)")
    }

    private func write(_ document: some Encodable, in folder: String, _ name: String, _ suffix: String) throws {
        let bytes = try WireJSON.encode(document, pretty: true)
        try FileSystem.writeAtomically(
            Array(bytes) + [UInt8(ascii: "\n")], to: "\(folder)/\(Self.documentName(name, suffix))")
    }

    /// `words.npy.receipt.json`; shortened, with a hash for the rest, where a file name can't be so long.
    static func documentName(_ name: String, _ suffix: String) -> String {
        let room = 240 - suffix.utf8.count
        guard name.utf8.count > room else { return name + suffix }
        let hash = SHA256.hash(data: Array(name.utf8)).prefix(8).map { String($0, radix: 16) }.joined()
        var start = Substring(name)
        while start.utf8.count > room - hash.utf8.count - 1 { start.removeLast() }
        return "\(start)~\(hash)\(suffix)"
    }
}

extension FileSystem.Entry {
    /// Whether both are the same file with the same content: a rename changes nothing of that.
    func isSameFile(as other: FileSystem.Entry) -> Bool {
        (device, inode, size, modified) == (other.device, other.inode, other.size, other.modified)
    }
}

extension ShardReceipt {
    /// The receipt as clients see it.
    init(_ receipt: Receipt, unchanged: Bool) {
        self.init(
            name: receipt.name, kind: receipt.kind.rawValue, sha256: receipt.sha256, idsSha256: receipt.idsSHA256,
            action: receipt.action.rawValue, rows: receipt.rows,
            replaced: receipt.action == .add ? receipt.replaced : 0,
            deleted: receipt.action == .delete ? receipt.replaced : 0,
            missing: receipt.action == .delete ? receipt.rows - receipt.replaced : 0,
            generation: receipt.generation, received: receipt.received, committed: receipt.committed,
            unchanged: unchanged)
    }
}
