internal import NIOCore
internal import Synchronization

/// The connection of the request that a task answers.
struct ClientConnection: Sendable {
    /// The connection of the request that this task answers; `nil` where a request comes from no connection.
    @TaskLocal static var current: ClientConnection?

    private let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Calls `body` when the connection is closed.
    ///
    /// On a Unix socket, that is soon after the client has closed its end.
    func onClose(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }
}

/// Whether a computation must end early.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() {
        flag.store(true, ordering: .relaxed)
    }
}
