package import Glibc

/// An open file or folder, which is closed when the value is destroyed.
package struct OpenFile: ~Copyable, Sendable {
    let descriptor: Int32
    let path: String

    init(_ path: String, flags: Int32, mode: mode_t = 0) throws(SystemError) {
        descriptor = try systemCall("open \(path)") { unsafe open(path, flags | O_CLOEXEC, mode) }
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a file for reading.
    ///
    /// Follows symbolic links.
    package init(reading path: String) throws(SystemError) {
        try self.init(path, flags: O_RDONLY)
    }

    /// Creates a file for writing, with the permissions `mode` less the umask.
    ///
    /// Fails if something exists at `path`.
    package init(creating path: String, mode: mode_t = 0o644) throws(SystemError) {
        try self.init(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    }

    /// Opens a folder, for ``synchronize()`` or a lock.
    ///
    /// Follows symbolic links.
    package init(folder path: String) throws(SystemError) {
        try self.init(path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Reads at most `buffer.count` bytes to the start of `buffer`.
    ///
    /// - Returns: the number of bytes read; 0 at the end of the file.
    package func read(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        try DescriptorIO.read(descriptor, into: &buffer, name: path)
    }

    /// Reads all bytes from the current position to the end.
    package func readToEnd() throws(SystemError) -> [UInt8] {
        try DescriptorIO.readToEnd(descriptor, name: path)
    }

    /// Writes all of `bytes`.
    package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        try DescriptorIO.write(bytes, to: descriptor, name: path)
    }

    /// Adds the permissions `mode` to those that the file has.
    package func addPermissions(_ mode: mode_t) throws(SystemError) {
        var info = stat()
        try systemCall("stat \(path)") { unsafe fstat(descriptor, &info) }
        let permissions = info.st_mode & 0o7777
        guard permissions & mode != mode else { return }
        try systemCall("set the permissions of \(path)") { fchmod(descriptor, permissions | mode) }
    }

    /// Syncs the content to the disk (fsync(2)).
    package func synchronize() throws(SystemError) {
        try systemCall("sync \(path)") { fsync(descriptor) }
    }
}
