package import Glibc

/// What is asked of files by their paths.
package enum FileSystem {
    /// What a path leads to, symbolic links followed.
    package enum Kind {
        case file
        case folder
        case other
    }

    /// What is at `path`, symbolic links followed; `nil` if there is nothing.
    package static func kind(of path: String) throws(SystemError) -> Kind? {
        var status = stat()
        do {
            _ = try SystemError.check(path) { unsafe Int(stat(path, &status)) }
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw error
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    /// Whether anything is at `path`, even a link that leads nowhere.
    package static func exists(_ path: String) throws(SystemError) -> Bool {
        var status = stat()
        do {
            _ = try SystemError.check(path) { unsafe Int(lstat(path, &status)) }
            return true
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return false }
            throw error
        }
    }

    /// Whether a folder lies at `path` itself that has nothing in it.
    package static func isEmptyFolder(_ path: String) throws(SystemError) -> Bool {
        var status = stat()
        _ = try SystemError.check(path) { unsafe Int(lstat(path, &status)) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return false }
        guard let folder = unsafe opendir(path) else { throw SystemError(errno, path) }
        defer { unsafe closedir(folder) }
        // Itself and its parent are always there.
        for _ in 0..<3 { if unsafe readdir(folder) == nil { return true } }
        return false
    }

    /// The document at `path`; `nil` if there is none, or what lies there can't be one.
    package static func document(_ path: String) throws(SystemError) -> [UInt8]? {
        do {
            return try OpenFile.document(path).contents()
        } catch {
            if [ENOENT, ENOTDIR, ELOOP, EINVAL, ENXIO].contains(error.code) { return nil }
            throw error
        }
    }

    /// Renames a file within its file system, in one step.
    package static func rename(_ path: String, to target: String) throws(SystemError) {
        _ = try SystemError.check(target) { unsafe Int(Glibc.rename(path, target)) }
    }

    /// Makes a folder that must not be there yet.
    package static func makeFolder(_ path: String, mode: mode_t) throws(SystemError) {
        _ = try SystemError.check(path) { unsafe Int(mkdir(path, mode)) }
    }

    /// Removes a folder if it is there and empty.
    package static func removeFolder(_ path: String) {
        _ = unsafe rmdir(path)
    }

    /// Removes a file if it is there.
    package static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }
}
