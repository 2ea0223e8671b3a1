package import Glibc

extension OpenFile {
    /// Opens a file for writing at any position, and creates it if it is missing.
    ///
    /// Does not follow a symbolic link.
    package init(updating path: String, mode: mode_t = 0o644) throws(SystemError) {
        try self.init(path, flags: O_WRONLY | O_CREAT | O_NOFOLLOW, mode: mode)
    }

    /// Cuts the file to a number of bytes, or extends it by zeros, and continues to write at its end.
    package func setLength(_ byteCount: Int) throws(SystemError) {
        try systemCall("set the size of \(path)") { ftruncate(descriptor, off_t(byteCount)) }
        try seek(to: byteCount)
    }

    /// Continues to write at a position.
    package func seek(to position: Int) throws(SystemError) {
        try systemCall("seek in \(path)") { Int(lseek(descriptor, off_t(position), SEEK_SET)) }
    }
}
