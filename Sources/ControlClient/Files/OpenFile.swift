package import Glibc

/// An open file; closed at the end of its life.
package struct OpenFile: ~Copyable {
    /// The bytes to read at a time.
    package static let bufferByteCount = 1 << 20

    private let descriptor: CInt
    private let path: String

    private init(_ path: String, flags: CInt, mode: mode_t = 0) throws(SystemError) {
        descriptor = CInt(try SystemError.check(path) { unsafe Int(open(path, flags | O_CLOEXEC, mode)) })
        self.path = path
    }

    /// Opens a file to read it.
    package init(reading path: String) throws(SystemError) {
        try self.init(path, flags: O_RDONLY)
    }

    /// Creates a file that must not be there yet, to write it.
    package init(creating path: String, mode: mode_t = 0o644) throws(SystemError) {
        try self.init(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
    }

    /// Opens a folder, to lock or synchronize it.
    package init(folder path: String) throws(SystemError) {
        try self.init(path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Opens a document that the daemon has written: a regular file, whatever else somebody may have put there.
    ///
    /// - Throws: ``SystemError`` with `EINVAL` where it is none, or larger than documents are.
    package static func document(_ path: String) throws(SystemError) -> OpenFile {
        let file = try OpenFile(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        let mostBytes = 1 << 20
        var info = stat()
        _ = try SystemError.check(path) { unsafe Int(fstat(file.descriptor, &info)) }
        guard info.st_mode & S_IFMT == S_IFREG, info.st_size <= mostBytes else { throw SystemError(EINVAL, path) }
        return file
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from its start, and returns how many bytes there were; 0 at the end of the file.
    package func read(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        try Self.read(descriptor, into: &buffer, name: path)
    }

    /// Everything from here to the end.
    package func contents() throws(SystemError) -> [UInt8] {
        try Self.contents(of: descriptor, name: path)
    }

    /// Writes all of `bytes`.
    package func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        try Self.write(bytes, to: descriptor, name: path)
    }

    /// Adds permissions to those that the file has.
    package func allow(_ mode: mode_t) throws(SystemError) {
        var info = stat()
        _ = try SystemError.check(path) { unsafe Int(fstat(descriptor, &info)) }
        guard info.st_mode & mode != mode else { return }
        _ = try SystemError.check(path) { Int(fchmod(descriptor, info.st_mode & 0o7777 | mode)) }
    }

    /// Waits until what was written is on the disk.
    package func synchronize() throws(SystemError) {
        _ = try SystemError.check(path) { Int(fsync(descriptor)) }
    }

    /// Waits until nobody else holds the lock on this file, and takes it until the file is closed.
    package func lock() throws(SystemError) {
        _ = try SystemError.check(path) { Int(flock(descriptor, LOCK_EX)) }
    }
}

extension OpenFile {
    /// Everything from here to the end of a file that somebody else opened.
    package static func contents(of descriptor: CInt, name: String) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: bufferByteCount)
        while true {
            let count = try read(descriptor, into: &buffer, name: name)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Writes all of `bytes` to a file that somebody else opened.
    package static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt, name: String) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try SystemError.check(name) {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }

    private static func read(
        _ descriptor: CInt, into buffer: inout [UInt8], name: String
    ) throws(SystemError) -> Int {
        try SystemError.check(name) {
            unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
        }
    }
}
