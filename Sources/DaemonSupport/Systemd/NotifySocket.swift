internal import Glibc
internal import PosixSupport
internal import Synchronization

/// Sends the state of the service to systemd: sd_notify(3), without libsystemd.
///
/// Without a manager (`NOTIFY_SOCKET` is not set), ``send(_:)`` does nothing.
@safe package final class NotifySocket: Sendable {
    /// The socket to send from, and the address of the manager.
    private let route: (descriptor: Int32, address: sockaddr_un, length: socklen_t)?
    /// Messages are sent one after the other, in the order of the calls.
    private let order = Mutex(())

    /// Uses the socket that `environment` names: a path, or an abstract name that begins with `@`.
    ///
    /// - Throws: ``StartupError`` where the name can't be that of a socket.
    package init(environment: [String: String]) throws {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else {
            route = nil
            return
        }
        guard name.hasPrefix("/") || name.hasPrefix("@") else {
            throw StartupError("NOTIFY_SOCKET is '\(name)'; it must begin with / or @", .configuration)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let maximum = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard name.utf8.count <= maximum else {
            throw StartupError("NOTIFY_SOCKET has \(name.utf8.count) bytes; it can have \(maximum)", .configuration)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            unsafe path.copyBytes(from: name.utf8)
            if name.hasPrefix("@") { unsafe path[0] = 0 }
        }
        // The length delimits an abstract name; a path ends at its zero.
        let length = MemoryLayout<sa_family_t>.size + name.utf8.count + (name.hasPrefix("@") ? 0 : 1)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("make a socket") }
        route = (descriptor, address, socklen_t(length))
    }

    deinit {
        if let route { close(route.descriptor) }
    }

    /// Whether there is a manager.
    package var hasManager: Bool { route != nil }

    /// Sends assignments in one message: `READY=1`, `STATUS=...`.
    ///
    /// A message that can't be sent is lost: a service must not end because its manager is busy.
    package func send(_ assignments: String...) {
        guard let route else { return }
        let message = Array(assignments.joined(separator: "\n").utf8)
        order.withLock { _ in
            unsafe withUnsafePointer(to: route.address) { address in
                // The socket is not connected, so that it reaches a manager that has made a new socket.
                _ = unsafe sendto(
                    route.descriptor, message, message.count, Int32(MSG_NOSIGNAL),
                    UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr.self), route.length)
            }
        }
    }
}
