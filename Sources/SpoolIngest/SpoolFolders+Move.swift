internal import Glibc
internal import PosixSupport
internal import SpoolProtocol

extension SpoolFolders {
    /// Moves a file within the spool, replacing a file at `target`; makes the target's folder again where it was deleted.
    ///
    /// - Returns: `false` where there is nothing at `path`.
    @discardableResult
    func move(_ path: String, to target: String) throws(SystemError) -> Bool {
        if try FileSystem.move(path, to: target) { return true }
        guard try FileSystem.entry(path) != nil else { return false }
        try make()
        return try FileSystem.move(path, to: target)
    }

    /// Moves to `target`, or beside it where a folder is in the way.
    ///
    /// - Returns: `false` where there is nothing at `path`.
    @discardableResult
    func moveAside(_ path: String, to target: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try move(path, to: target)
        } catch {
            guard error.meansObstacle else { throw error }
            return try move(path, to: Self.place(beside: target, FileSystem.entry(path)))
        }
    }

    /// Moves to `target` unless something lies there.
    ///
    /// - Returns: whether nothing is left at `path`.
    func moveIfFree(_ path: String, to target: String) throws(SystemError) -> Bool {
        // link(2) never replaces anything, but isn't allowed for every file of another user.
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

    /// A path beside `target` for what can't have that name.
    static func place(beside target: String, _ entry: FileSystem.Entry?) -> String {
        let folder = FileSystem.parent(of: target) ?? ""
        return "\(folder)/\(SpoolNames.document(FileSystem.name(of: target), ".\(entry?.changed ?? 0)"))"
    }
}

extension SystemError {
    /// Whether a file can't replace what lies there because one of them is a folder.
    var meansObstacle: Bool { [EISDIR, ENOTDIR, ENOTEMPTY, EEXIST].contains(number) }

    /// Whether the folder of a file that was to be written is missing.
    var meansMissingFolder: Bool { number == ENOENT }

    /// Whether a single file waits for this fault to go away, and others need not wait for it.
    var holdsUpOneFile: Bool { isOfOneFile || number == EIO }
}
