internal import IncrementalBias
package import PosixSupport
package import ShardFormats
package import SpoolProtocol

/// A file that waits in the spool.
package struct WaitingFile: Equatable, Sendable {
    package let kind: VectorRole
    package let name: String
    package let entry: FileSystem.Entry
    /// Whether it lies in the folder of files taken out already, where only a crash leaves one.
    package let isTaken: Bool
}

/// What a look into the incoming folders found.
package struct SpoolScan {
    /// The files that have waited longest, at most ``limit``, oldest first; what is no file comes after all files, so that
    /// no number of folders holds one up.
    package private(set) var oldest: [WaitingFile] = []
    /// Files whose names aren't UTF-8, at most ``limit``.
    package private(set) var unnameable: [(kind: VectorRole, name: FileName)] = []
    /// How many wait in all.
    package private(set) var count = 0
    /// What went wrong with the last of those that the system can't look at now.
    package private(set) var trouble: SystemError?

    /// More files than this are left for the next look: a full spool costs no memory.
    package static let limit = 4096

    /// Looks into both folders.
    ///
    /// A file's age is that of its last change, a rename included: files are taken in the order in which they came.
    ///
    /// - Parameters:
    ///   - isLeft: whether a file is to be counted only.
    ///   - isLeftName: the same of one whose name isn't text.
    package init(_ folders: SpoolFolders, isLeft: (WaitingFile) -> Bool, isLeftName: (FileName, VectorRole) -> Bool)
        throws
    {
        for kind in VectorRole.allCases {
            try look(into: folders.taken(kind), kind, isTaken: true, isLeft, isLeftName)
            try look(into: folders.incoming(kind), kind, isTaken: false, isLeft, isLeftName)
        }
        keepOldest()
    }

    /// Whether a name is one to look at: not hidden, not being written, not the ids of a shard.
    package static func isShard(_ name: String) -> Bool {
        isShard(Array(name.utf8))
    }

    private static func isShard(_ name: [UInt8]) -> Bool {
        name.first != UInt8(ascii: ".")
            && ![".tmp", ".part", ".ids"].contains { name.suffix($0.utf8.count).elementsEqual($0.utf8) }
    }

    private mutating func look(
        into folder: String, _ kind: VectorRole, isTaken: Bool, _ isLeft: (WaitingFile) -> Bool,
        _ isLeftName: (FileName, VectorRole) -> Bool
    ) throws {
        try FileSystem.forEachName(in: folder) { name in
            guard let name = name.text else {
                if unnameable.count < Self.limit, Self.isShard(name.bytes), !isLeftName(name, kind) {
                    unnameable.append((kind, name))
                }
                return
            }
            guard Self.isShard(name) else { return }
            do throws(SystemError) {
                guard let entry = try FileSystem.entry("\(folder)/\(name)") else { return }
                let file = WaitingFile(kind: kind, name: name, entry: entry, isTaken: isTaken)
                if !isLeft(file) { oldest.append(file) }
            } catch {
                trouble = error
            }
            count += 1
            if oldest.count >= 2 * Self.limit { keepOldest() }
        }
    }

    private mutating func keepOldest() {
        oldest.sort { $0.order < $1.order }
        if oldest.count > Self.limit { oldest.removeLast(oldest.count - Self.limit) }
    }
}

extension WaitingFile {
    /// What comes first is taken first.
    fileprivate var order: (Int, Int64, String) { (entry.isRegularFile ? 0 : 1, entry.changed, name) }
}
