package import Glibc

extension FileSystem {
    /// Calls `body` with each name in a folder except `.` and `..`, in no particular order.
    package static func forEachName(in folder: String, _ body: (FileName) throws -> Void) throws {
        guard let directory = unsafe opendir(folder) else { throw SystemError("read folder \(folder)") }
        defer { unsafe closedir(directory) }
        while true {
            errno = 0
            guard let next = unsafe readdir(directory) else { break }
            let name = unsafe withUnsafePointer(to: &next.pointee.d_name) { tuple in
                unsafe FileName(UnsafeRawPointer(tuple).assumingMemoryBound(to: CChar.self))
            }
            if name.text != ".", name.text != ".." { try body(name) }
        }
        if errno != 0 { throw SystemError("read folder \(folder)") }
    }

    /// Whether `path` is an empty folder; `false` for a symbolic link to one.
    package static func isEmptyFolder(_ path: String) throws -> Bool {
        struct NotEmpty: Error {}
        guard try entry(path)?.kind == .folder else { return false }
        do {
            try forEachName(in: path) { _ in throw NotEmpty() }
            return true
        } catch is NotEmpty {
            return false
        }
    }

    /// Makes a folder and missing folders above it, unless it exists.
    ///
    /// A new folder gets a hidden name first. It is renamed to `path` when its permissions are right, so that a crash
    /// can't leave a folder with fewer permissions because of the umask. A set-group-ID bit that it inherits from the
    /// folder above stays, so that files in a spool belong to the spool's group.
    ///
    /// - Parameter mode: the permissions of a new folder, whatever the umask. New folders above it have 0755.
    package static func makeFolder(_ path: String, mode: mode_t) throws(SystemError) {
        let path = withoutTrailingSlashes(path)
        if let existing = unsafe opendir(path) {
            unsafe closedir(existing)
            return
        }
        guard errno == ENOENT else { throw SystemError("open folder \(path)") }
        if let parent = parent(of: path) { try makeFolder(parent, mode: 0o755) }
        let unnamed = hiddenPath(beside: path, suffix: ".new")
        guard unsafe mkdir(unnamed, mode) == 0 || errno == EEXIST else { throw SystemError("make folder \(path)") }
        var info = stat()
        try systemCall("stat \(path)") { unsafe stat(unnamed, &info) }
        // chmod is called only if needed, because systemd's RestrictSUIDSGID= forbids modes with a set-group-ID bit.
        if info.st_mode & 0o777 != mode {
            try systemCall("set the permissions of \(path)") { unsafe chmod(unnamed, mode | info.st_mode & S_ISGID) }
        }
        try systemCall("make folder \(path)") { unsafe Glibc.rename(unnamed, path) }
    }

    /// Makes one folder with the permissions `mode` less the umask.
    ///
    /// Fails if something exists at `path`.
    package static func createFolder(_ path: String, mode: mode_t) throws(SystemError) {
        try systemCall("make folder \(path)") { unsafe mkdir(path, mode) }
    }

    /// Deletes a folder if it exists and is empty.
    ///
    /// Errors are ignored.
    package static func removeEmptyFolder(_ path: String) {
        _ = unsafe rmdir(path)
    }

    /// Syncs a folder to the disk (fsync(2)), so that renames of files in it survive a power failure.
    package static func synchronize(folder: String) throws(SystemError) {
        let folder = try OpenFile(folder, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        try folder.synchronize()
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var end = path.utf8[...]
        while end.count > 1, end.last == UInt8(ascii: "/") { end.removeLast() }
        return String(Substring(end))
    }
}
