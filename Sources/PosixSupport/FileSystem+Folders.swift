package import Glibc

extension FileSystem {
    /// Calls `body` with each name in a folder, in no order.
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

    /// Whether `path` itself is a folder that holds nothing.
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

    /// Makes a folder with exactly these permissions, and the folders above it; leaves an existing folder as it is.
    ///
    /// The folder gets its name last, so that a crash can't leave one with the narrower permissions of the umask. A
    /// set-group-ID bit that it inherits from the folder above stays: the files of a spool then belong to its group.
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
        try systemCall("look at \(path)") { unsafe stat(unnamed, &info) }
        // Without need nothing is changed: systemd's RestrictSUIDSGID= would forbid it.
        if info.st_mode & 0o777 != mode {
            try systemCall("set the permissions of \(path)") { unsafe chmod(unnamed, mode | info.st_mode & S_ISGID) }
        }
        try systemCall("make folder \(path)") { unsafe Glibc.rename(unnamed, path) }
    }

    /// Makes one folder, with the umask; fails where something exists at `path`.
    package static func createFolder(_ path: String, mode: mode_t) throws(SystemError) {
        try systemCall("make folder \(path)") { unsafe mkdir(path, mode) }
    }

    /// Deletes a folder if it exists and is empty.
    package static func removeEmptyFolder(_ path: String) {
        _ = unsafe rmdir(path)
    }

    /// Waits until the names in a folder are on the disk, so that moves into and out of it outlast a power failure.
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
