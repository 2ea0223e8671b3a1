internal import Glibc

/// A listening Unix socket: one that this process creates with exact permissions, or one inherited from systemd.
@safe package struct ListeningSocket: Sendable {
    /// The file descriptor of the socket, which the user of this value closes.
    package let descriptor: Int32
    /// The path of the socket's file.
    package let path: String
    /// The socket's file, to recognise whether another process has replaced it; `nil` for an inherited socket.
    private let entry: FileSystem.Entry?
    /// Whether systemd created the socket and keeps it when this process ends.
    package let isInherited: Bool

    /// The maximum number of connections that wait to be accepted.
    private static let backlog: Int32 = 1024

    /// A socket that systemd has created and that already listens.
    ///
    /// ``remove()`` leaves its file.
    package init(inherited descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
        entry = nil
        isInherited = true
    }

    /// Creates a socket that listens at `path`.
    ///
    /// Creates the folder of `path` if it is missing. Replaces a socket at `path` that no process listens on.
    ///
    /// - Parameters:
    ///   - path: the path of the socket's file, at most 107 bytes.
    ///   - mode: the permissions of the socket's file, which decide who can connect.
    /// - Throws: ``StartupError`` if the path is too long, another process listens at `path`, or a file that isn't a
    ///   socket exists there; ``SystemError`` if a system call fails.
    package init(path: String, mode: UInt32) throws {
        self.path = path
        isInherited = false
        let address = try Self.address(path)
        try Self.removeStaleSocket(path, address)
        if let folder = FileSystem.parent(of: path) { try FileSystem.makeFolder(folder, mode: 0o755) }
        let descriptor = try Self.open()
        do {
            // bind(2) creates the file with the permissions of the descriptor, less the umask. Without permissions
            // nobody can connect before chmod(2).
            try systemCall("make the socket \(path)") { fchmod(descriptor, 0) }
            try systemCall("bind \(path)") { unsafe Self.withPointer(to: address) { unsafe bind(descriptor, $0, $1) } }
            try systemCall("set the mode of \(path)") { unsafe chmod(path, mode) }
            try systemCall("listen on \(path)") { listen(descriptor, Self.backlog) }
            entry = try FileSystem.entry(path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    /// Removes the socket's file, unless another process has replaced it or the socket is inherited.
    package func remove() {
        guard let entry, let now = try? FileSystem.entry(path), now.isSameFile(as: entry) else { return }
        unsafe unlink(path)
    }

    private static func address(_ path: String) throws(StartupError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw StartupError(
                "the socket's path \(path) has \(path.utf8.count) bytes, and at most \(capacity - 1) are possible; "
                    + "set a shorter path", .configuration)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        return address
    }

    private static func withPointer(
        to address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: address) { pointer in
            unsafe body(
                UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }

    private static func open() throws(SystemError) -> Int32 {
        try systemCall("make a socket") {
            socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
    }

    /// Removes a socket at `path` that no process listens on.
    ///
    /// - Throws: ``StartupError`` if a process listens on it, or if another kind of file exists at `path`.
    private static func removeStaleSocket(_ path: String, _ address: sockaddr_un) throws {
        guard let entry = try FileSystem.entry(path) else { return }
        guard entry.kind == .socket else {
            throw StartupError("\(path) exists and is not a socket; remove it or set another path", .configuration)
        }
        let probe = try open()
        defer { close(probe) }
        let connected = unsafe withPointer(to: address) { unsafe connect(probe, $0, $1) }
        guard connected != 0, errno == ECONNREFUSED else {
            throw StartupError("another process is listening on \(path); stop it or set another path", .unavailable)
        }
        try FileSystem.remove(path)
    }
}
