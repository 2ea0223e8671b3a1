internal import Glibc
package import PosixSupport

/// The listening socket that systemd passes to the process: sd_listen_fds(3), without libsystemd.
package enum Activation {
    /// The first descriptor that systemd passes.
    private static let firstDescriptor: Int32 = 3

    /// Takes the socket that systemd passes to this process; `nil` where it passes none.
    ///
    /// - Throws: ``StartupError`` where systemd passes several, or another thing than a listening Unix stream socket.
    package static func socket(environment: [String: String]) throws -> ListeningSocket? {
        // The variables of another process are left over from a parent.
        guard let process = environment["LISTEN_PID"].flatMap({ Int32($0) }), process == getpid(),
            let text = environment["LISTEN_FDS"]
        else { return nil }
        guard let count = Int32(text), count >= 0 else {
            throw StartupError("LISTEN_FDS is '\(text)'; it must be a number", .configuration)
        }
        guard count > 0 else { return nil }
        guard count == 1 else {
            throw StartupError(
                "systemd passes \(count) sockets; nnnd listens on one: leave one ListenStream= in the socket unit",
                .configuration)
        }
        try check(firstDescriptor)
        guard fcntl(firstDescriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw SystemError("keep descriptor 3") }
        return ListeningSocket(inherited: firstDescriptor, path: try path(of: firstDescriptor))
    }

    /// Throws ``StartupError`` where the descriptor is not a listening Unix stream socket.
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

    private static func option(_ name: Int32, of descriptor: Int32) throws -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 else {
            throw SystemError("inspect descriptor \(descriptor)")
        }
        return value
    }

    /// The path at which the socket is bound.
    private static func path(of descriptor: Int32) throws -> String {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let found = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe getsockname(
                descriptor, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), &size)
        }
        guard found == 0 else { throw SystemError("inspect descriptor \(descriptor)") }
        let bytes = unsafe withUnsafeBytes(of: address.sun_path) { bytes in unsafe Array(bytes) }
        let name = bytes.prefix(max(0, Int(size) - MemoryLayout<sa_family_t>.size))
        // An abstract name begins with a zero.
        if name.first == 0 { return "@" + String(decoding: name.dropFirst(), as: UTF8.self) }
        return String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
}
