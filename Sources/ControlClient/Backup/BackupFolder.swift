internal import PosixSupport

/// A backup while it is written: a hidden folder that gets its name when all of it is on the disk.
///
/// The folder is removed when the value is destroyed, unless it got its name.
package struct BackupFolder: ~Copyable {
    private let target: String
    private let parent: String
    private let path: String
    private let file: OpenFile

    private static let fileName = "data.mdb"

    /// Begins a backup that is to be at `target`, where nothing or an empty folder must be.
    ///
    /// - Throws: ``Failure`` where something else exists at `target`; `SystemError`.
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

    /// Appends to the data file.
    package func write(_ bytes: ArraySlice<UInt8>) throws {
        try file.write(bytes)
    }

    /// Gives the backup its name once everything is on the disk, and waits until the name is there too.
    package func place() throws {
        try file.synchronize()
        try OpenFile(folder: path).synchronize()
        do {
            try FileSystem.rename(path, to: target)
        } catch {
            throw SystemError("name the backup \(target)", number: error.number)
        }
        try OpenFile(folder: parent).synchronize()
    }

    // Once the backup is in place no folder has the random name.
    deinit {
        try? FileSystem.remove("\(path)/\(Self.fileName)")
        FileSystem.removeEmptyFolder(path)
    }

    private static func makeFile(in folder: String) throws -> OpenFile {
        try FileSystem.createFolder(folder, mode: 0o700)
        do {
            return try OpenFile(creating: "\(folder)/\(fileName)", mode: 0o600)
        } catch {
            FileSystem.removeEmptyFolder(folder)
            throw error
        }
    }

    private static func check(_ path: String, asked: String) throws {
        guard !path.isEmpty else { throw Failure(.inputOutput, "'\(asked)' can't be a backup; name a new folder") }
        let name = FileSystem.name(of: path)
        let limit = FileSystem.maximumNameByteCount
        guard name.utf8.count <= limit else {
            throw Failure(
                .inputOutput, "\(path): the name has \(name.utf8.count) bytes, and a folder's name can have \(limit)")
        }
        guard try FileSystem.exists(path) else { return }
        guard try FileSystem.isEmptyFolder(path) else {
            throw Failure(
                .inputOutput, "\(path) exists; name a new folder, or an empty one (no backup is ever overwritten)")
        }
    }
}
