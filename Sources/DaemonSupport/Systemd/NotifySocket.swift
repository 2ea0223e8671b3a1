internal import Glibc
internal import PosixSupport
internal import Synchronization

/// Tells systemd how the service is: sd_notify(3), without libsystemd.
///
/// Where nobody listens (`NOTIFY_SOCKET` is not set), telling does nothing.
@safe package final class NotifySocket: Sendable {
    /// Where to send from, and to.
    private let way: (descriptor: Int32, address: sockaddr_un, length: socklen_t)?
    /// Messages go out one after the other, in the order of the calls.
    private let order = Mutex(())

    /// Takes the socket that `environment` names: a path, or an abstract name that begins with `@`.
    ///
    /// - Throws: ``StartupError`` where there can't be such a socket.
    package init(environment: [String: String]) throws {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else {
            way = nil
            return
        }
        guard name.hasPrefix("/") || name.hasPrefix("@") else {
            throw StartupError("NOTIFY_SOCKET is '\(name)'; it must begin with / or @", .configuration)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard name.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw StartupError("NOTIFY_SOCKET has \(name.utf8.count) bytes: too many", .configuration)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            unsafe path.copyBytes(from: name.utf8)
            if name.hasPrefix("@") { unsafe path[0] = 0 }
        }
        // An abstract name is as long as the address says; a path ends at its zero.
        let length = MemoryLayout<sa_family_t>.size + name.utf8.count + (name.hasPrefix("@") ? 0 : 1)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("make a socket") }
        way = (descriptor, address, socklen_t(length))
    }

    deinit {
        if let way { close(way.descriptor) }
    }

    /// Whether there is somebody to tell.
    package var isHeard: Bool { way != nil }

    /// Sends assignments, all in one message: `READY=1`, `STATUS=...`.
    ///
    /// What can't be sent is lost: a service must not end because its manager is busy.
    package func tell(_ assignments: String...) {
        guard let way else { return }
        let message = Array(assignments.joined(separator: "\n").utf8)
        order.withLock { _ in
            unsafe withUnsafePointer(to: way.address) { address in
                // Not connected: a manager that made its socket anew is heard again.
                _ = unsafe sendto(
                    way.descriptor, message, message.count, Int32(MSG_NOSIGNAL),
                    UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr.self), way.length)
            }
        }
    }
}
