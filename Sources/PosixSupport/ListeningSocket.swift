internal import Glibc

/// A Unix socket that listens: made with exact permissions, or handed over by systemd.
@safe package struct ListeningSocket: Sendable {
    package let descriptor: Int32
    package let path: String
    /// The socket's file, to tell it from one that another process makes in its place.
    private let entry: FileSystem.Entry?
    /// Whether systemd made it, and keeps it when this process ends.
    package let isInherited: Bool

    /// How many connections can wait to be accepted.
    private static let backlog: Int32 = 1024

    /// Takes a socket that listens already, whose file is somebody else's to remove.
    package init(inherited descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
        entry = nil
        isInherited = true
    }

    /// Binds `path`, removing a socket that nobody listens on any more.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes.
    ///   - mode: the socket's permissions: who may connect.
    /// - Throws: ``StartupError`` where another process listens there, something else is there, or the system refuses.
    package init(path: String, mode: UInt32) throws {
        self.path = path
        isInherited = false
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else {
            throw StartupError(
                "the socket's path \(path) has \(path.utf8.count) bytes; it may have \(room - 1)", .configuration)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        try Self.makeRoom(path, address)
        if let folder = FileSystem.parent(of: path) { try FileSystem.makeFolder(folder, mode: 0o755) }
        let descriptor = try Self.open()
        self.descriptor = descriptor
        // Nobody can connect between bind and chmod: the mask takes all permissions away.
        let mask = umask(0o777)
        let bound = unsafe withUnsafePointer(to: address) { pointer in
            unsafe bind(
                descriptor, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        let number = errno
        umask(mask)
        guard bound == 0 else { throw SystemError("bind \(path)", number: number) }
        guard unsafe chmod(path, mode) == 0, listen(descriptor, Self.backlog) == 0 else {
            throw SystemError("listen on \(path)")
        }
        entry = try FileSystem.entry(path)
    }

    /// Removes the socket's file, if it is still this socket's.
    package func remove() {
        guard let entry, let now = try? FileSystem.entry(path), now.isSameFile(as: entry) else { return }
        unsafe unlink(path)
    }

    private static func open() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("make a socket") }
        return descriptor
    }

    /// Removes a stale socket; refuses to touch a live one or anything else.
    private static func makeRoom(_ path: String, _ address: sockaddr_un) throws {
        var info = stat()
        guard unsafe lstat(path, &info) == 0 else { return }
        guard info.st_mode & S_IFMT == S_IFSOCK else {
            throw StartupError("\(path) is there and is not a socket; remove it or set another path", .configuration)
        }
        let probe = try open()
        defer { close(probe) }
        let connected = unsafe withUnsafePointer(to: address) { pointer in
            unsafe connect(
                probe, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        guard connected != 0, errno == ECONNREFUSED else {
            throw StartupError("another process is listening on \(path); stop it or set another path", .unavailable)
        }
        try FileSystem.remove(path)
    }
}
