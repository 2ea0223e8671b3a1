internal import Glibc
internal import PosixSupport
internal import SpoolProtocol

extension SpoolFolders {
    /// Moves a file within the spool.
    ///
    /// Replaces a file at `target`. Creates the folder of `target` if it was deleted.
    ///
    /// - Returns: `false` if there is nothing at `path`.
    @discardableResult
    func move(_ path: String, to target: String) throws(SystemError) -> Bool {
        if try FileSystem.move(path, to: target) { return true }
        guard try FileSystem.entry(path) != nil else { return false }
        try make()
        return try FileSystem.move(path, to: target)
    }

    /// Moves a file to `target` or, if a folder there prevents that, to another name in the same folder.
    ///
    /// - Returns: `false` if there is nothing at `path`.
    @discardableResult
    func moveAside(_ path: String, to target: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try move(path, to: target)
        } catch {
            guard error.isCausedByFolder else { throw error }
            return try move(path, to: Self.place(beside: target, FileSystem.entry(path)))
        }
    }

    /// Moves a file to `target`, unless something exists there.
    ///
    /// - Returns: `false` if the file is still at `path`.
    func moveIfFree(_ path: String, to target: String) throws(SystemError) -> Bool {
        // Unlike rename(2), link(2) never replaces a file. But the system can forbid it for files of another user.
        if unsafe link(path, target) == 0 {
            try FileSystem.remove(path)
            return true
        }
        switch errno {
        case EEXIST: return false
        case ENOENT where try FileSystem.entry(path) == nil: return true
        default:
            guard try FileSystem.entry(target) == nil else { return false }
            try move(path, to: target)
            return true
        }
    }

    /// A path in the same folder as `target`, for a file that can't have the name of `target`.
    ///
    /// - Parameter entry: the file that gets the name; its ctime makes the name unique.
    static func place(beside target: String, _ entry: FileSystem.Entry?) -> String {
        let folder = FileSystem.parent(of: target) ?? ""
        return "\(folder)/\(SpoolNames.document(FileSystem.name(of: target), ".\(entry?.changed ?? 0)"))"
    }
}

extension SystemError {
    /// Whether a file could not be moved or removed because it, or what is at the target, is a folder.
    var isCausedByFolder: Bool { [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST].contains(number) }

    /// Whether a write failed because the folder of the file is missing.
    var meansMissingFolder: Bool { number == ENOENT }

    /// Whether only one file must wait because of this error, so that others can be processed.
    var holdsUpOneFile: Bool { !affectsAllFiles || number == EIO }
}
