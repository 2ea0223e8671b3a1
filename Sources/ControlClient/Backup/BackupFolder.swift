internal import Glibc

/// A backup while it is written: a folder with a name of its own, which gets the name that was asked for when all of it
/// is on the disk.
///
/// It is removed unless it was put into place.
package struct BackupFolder: ~Copyable {
    private let target: String
    private let parent: String
    private let path: String
    private let file: OpenFile

    private static let fileName = "data.mdb"

    /// Begins a backup that is to be at `target`, where nothing may be but an empty folder.
    ///
    /// - Throws: a ``SystemError``, or a ``Failure`` where something is in the way.
    package init(for target: String) throws {
        let trimmed = String(target.reversed().drop { $0 == "/" }.reversed())
        try Self.check(trimmed, asked: target)
        let parent = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(trimmed[...$0]) } ?? "."
        let path = "\(parent)/.nnnctl-backup-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        file = try Self.makeFile(in: path)
        self.target = trimmed
        self.parent = parent
        self.path = path
    }

    /// Adds to the data file.
    package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        try file.write(bytes)
    }

    /// Gives the backup its name, once everything is on the disk; the name too, before it returns.
    package func place() throws(SystemError) {
        try file.synchronize()
        try OpenFile(folder: path).synchronize()
        try FileSystem.rename(path, to: target)
        try OpenFile(folder: parent).synchronize()
    }

    // Once in place nothing has the random name any more.
    deinit {
        FileSystem.remove("\(path)/\(Self.fileName)")
        FileSystem.removeFolder(path)
    }

    private static func makeFile(in folder: String) throws(SystemError) -> OpenFile {
        try FileSystem.makeFolder(folder, mode: 0o700)
        do {
            return try OpenFile(creating: "\(folder)/\(fileName)", mode: 0o600)
        } catch {
            FileSystem.removeFolder(folder)
            throw error
        }
    }

    private static func check(_ path: String, asked: String) throws {
        guard !path.isEmpty else { throw Failure(.inputOutput, "'\(asked)' can't be a backup; name a new folder") }
        guard try FileSystem.exists(path) else { return }
        guard try FileSystem.isEmptyFolder(path) else {
            throw Failure(
                .inputOutput,
                "\(path) is there already; name a new folder, or an empty one (no backup is ever overwritten)")
        }
    }
}
