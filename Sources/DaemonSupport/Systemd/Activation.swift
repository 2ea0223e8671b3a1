internal import Glibc
package import PosixSupport

/// Socket activation: finds the listening socket that systemd passes to the process, as sd_listen_fds(3) does.
package enum Activation {
    /// The number of the first descriptor that systemd passes (`SD_LISTEN_FDS_START`).
    private static let firstDescriptor: Int32 = 3

    /// Returns the socket that systemd passes to this process; `nil` if it passes none.
    ///
    /// - Parameter environment: the environment of the process; systemd sets `LISTEN_PID` and `LISTEN_FDS` in it.
    /// - Throws: ``StartupError`` if `LISTEN_FDS` is not a count, or if systemd passes several descriptors or something
    ///   else than a listening Unix stream socket; `SystemError` if the descriptor can't be inspected.
    package static func socket(environment: [String: String]) throws -> ListeningSocket? {
        // With another process's id, the variables were meant for a parent process and inherited from it.
        guard let process = environment["LISTEN_PID"].flatMap({ Int32($0) }), process == getpid(),
            let text = environment["LISTEN_FDS"]
        else { return nil }
        guard let count = Int32(text), count >= 0 else {
            throw StartupError("LISTEN_FDS is '\(text)'; it must be a number of descriptors", .configuration)
        }
        guard count > 0 else { return nil }
        guard count == 1 else {
            throw StartupError(
                "systemd passes \(count) sockets; nnnd listens on one: leave one ListenStream= in the socket unit",
                .configuration)
        }
        try check(firstDescriptor)
        guard fcntl(firstDescriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw SystemError("set close-on-exec for descriptor \(firstDescriptor)")
        }
        return ListeningSocket(inherited: firstDescriptor, path: try path(of: firstDescriptor))
    }

    /// Throws ``StartupError`` if the descriptor is not a listening Unix stream socket.
    private static func check(_ descriptor: Int32) throws {
        func error(_ problem: String) -> StartupError {
            StartupError(
                "descriptor \(descriptor), which systemd passes, is \(problem); "
                    + "nnnd needs a listening Unix stream socket (ListenStream=/run/...)", .configuration)
        }
        var info = stat()
        guard unsafe fstat(descriptor, &info) == 0 else { throw error("not open") }
        guard info.st_mode & S_IFMT == S_IFSOCK else { throw error("not a socket") }
        guard try option(SO_DOMAIN, of: descriptor) == AF_UNIX else { throw error("not a Unix socket") }
        guard try option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue) else {
            throw error("not a stream socket")
        }
        guard try option(SO_ACCEPTCONN, of: descriptor) == 1 else { throw error("not a listening socket") }
    }

    /// The value of an integer option of the level `SOL_SOCKET`.
    private static func option(_ name: Int32, of descriptor: Int32) throws -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 else {
            throw SystemError("inspect descriptor \(descriptor)")
        }
        return value
    }

    /// The path to which the socket is bound, or `@` and its abstract name.
    private static func path(of descriptor: Int32) throws -> String {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe getsockname(
                descriptor, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &size)
        }
        guard status == 0 else { throw SystemError("inspect descriptor \(descriptor)") }
        let bytes = unsafe withUnsafeBytes(of: address.sun_path) { bytes in unsafe Array(bytes) }
        let name = bytes.prefix(max(0, Int(size) - MemoryLayout<sa_family_t>.size))
        // An abstract name begins with a zero byte.
        if name.first == 0 { return "@" + String(decoding: name.dropFirst(), as: UTF8.self) }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
}
