internal import Glibc
internal import PosixSupport
internal import Synchronization

/// Sends the state of the service to systemd: sd_notify(3), without libsystemd.
///
/// Without a service manager (`NOTIFY_SOCKET` is not set), ``send(_:)`` does nothing.
@safe package final class NotifySocket: Sendable {
    /// The socket to send from, and the address of the service manager's socket; `nil` without a manager.
    private let endpoint: (descriptor: Int32, address: sockaddr_un, length: socklen_t)?
    /// Held while a message is sent, so that messages are sent in the order of the calls.
    private let sendLock = Mutex(())

    /// Uses the socket that `environment` names: a path, or an abstract name that begins with `@`.
    ///
    /// - Throws: ``StartupError`` if the name can't be that of a socket; `SystemError` if no socket can be created.
    package init(environment: [String: String]) throws {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else {
            endpoint = nil
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
        // An abstract name ends where the address ends; a path ends with a zero byte.
        let length = MemoryLayout<sa_family_t>.size + name.utf8.count + (name.hasPrefix("@") ? 0 : 1)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("make a socket") }
        endpoint = (descriptor, address, socklen_t(length))
    }

    deinit {
        if let endpoint { close(endpoint.descriptor) }
    }

    /// Whether a service manager was named in the environment.
    package var hasServiceManager: Bool { endpoint != nil }

    /// Sends assignments, such as `READY=1` and `STATUS=...`, in one message.
    ///
    /// A message that can't be sent is dropped without an error: the daemon goes on without its service manager.
    package func send(_ assignments: String...) {
        guard let endpoint else { return }
        let message = Array(assignments.joined(separator: "\n").utf8)
        sendLock.withLock { _ in
            unsafe withUnsafePointer(to: endpoint.address) { address in
                // sendto(2) on an unconnected socket also reaches a manager that has created its socket anew.
                _ = unsafe sendto(
                    endpoint.descriptor, message, message.count, Int32(MSG_NOSIGNAL),
                    UnsafeRawPointer(address).assumingMemoryBound(to: sockaddr.self), endpoint.length)
            }
        }
    }
}
