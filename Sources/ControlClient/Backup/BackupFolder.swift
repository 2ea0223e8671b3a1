internal import PosixSupport

/// A backup that is being written: a hidden folder, which ``place()`` renames when its content is on the disk.
///
/// The folder is removed when the value is destroyed, unless it was renamed.
package struct BackupFolder: ~Copyable {
    private let target: String
    private let parent: String
    private let path: String
    private let file: OpenFile

    private static let fileName = "data.mdb"

    /// Creates the hidden folder, beside `target`.
    ///
    /// - Parameter target: the path of the finished backup; nothing or an empty folder must be there.
    /// - Throws: ``Failure`` if the path can't be that of a new folder or something else exists there; `SystemError`.
    package init(for target: String) throws {
        let trimmed = String(target.reversed().drop { $0 == "/" }.reversed())
        try Self.check(trimmed, given: target)
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

    /// Syncs the content to the disk, renames the folder to its target, and syncs the rename.
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

    // After place() nothing has the random name, and the removals do nothing.
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

    /// Checks that a backup can be created at `path`; `given` is the path as the user wrote it.
    private static func check(_ path: String, given: String) throws {
        guard !path.isEmpty else { throw Failure(.inputOutput, "'\(given)' can't be a backup; name a new folder") }
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
