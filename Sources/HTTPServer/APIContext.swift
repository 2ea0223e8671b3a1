internal import Glibc
package import Hummingbird
internal import NIOCore

/// The context of a request: its connection, by which the client's user and the end of the client are known.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    /// - Parameter source: the connection of the request.
    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Calls `body` when the connection is closed.
    ///
    /// On a Unix socket, that is soon after the client has closed its end.
    func onClose(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }

    /// The id of the user whose process opened the connection (`SO_PEERCRED`); `nil` if it is not known.
    func user() async -> UInt32? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        let credentials: EventLoopFuture<Credentials> = socket.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return try? await credentials.get().user
    }

    /// The option's value: `struct ucred` of <sys/socket.h>, which Swift's Glibc module lacks.
    private struct Credentials: Sendable {
        let process: Int32
        let user: UInt32
        let group: UInt32
    }

    /// Whether the client may change settings: root and the user of the daemon may.
    func canChangeSettings() async -> Bool {
        let user = await user()
        return user == 0 || user == geteuid()
    }
}
