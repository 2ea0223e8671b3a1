import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Serves HTTP/1.1 on a socket that listens already, until a graceful shutdown: answers under way are sent, then
/// connections close.
///
/// Hummingbird's own server binds a path or a port itself; this one takes the socket that it is given.
struct HTTPService<Responder: HTTPResponder>: Service where Responder.Context == BasicRequestContext {
    let socket: ListeningSocket
    let responder: Responder
    let logger: Logger
    /// Is called once requests are answered.
    private let ready: @Sendable () -> Void

    private let connections = Connections()

    /// How long answers under way have to be sent after a shutdown began.
    private static var grace: Duration { .seconds(5) }

    init(
        socket: ListeningSocket, responder: Responder, logger: Logger, ready: @escaping @Sendable () -> Void
    ) {
        self.socket = socket
        self.responder = responder
        self.logger = logger
        self.ready = ready
    }

    func run() async throws {
        let channelSetup = HTTP1Channel(responder: respond)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .bind(socket.descriptor) { [connections] channel in
                connections.add(channel)
                channel.closeFuture.whenComplete { _ in connections.remove(channel) }
                return channelSetup.setup(channel: channel, logger: logger)
            }
        defer { socket.remove() }
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { accepted in
                    ready()
                    for try await connection in accepted {
                        group.addTask { await channelSetup.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            server.channel.close(promise: nil)
            connections.drain()
            server.channel.eventLoop.scheduleTask(in: TimeAmount(Self.grace)) { connections.closeAll() }
        }
    }

    @Sendable private func respond(
        to request: Request, writer: consuming ResponseWriter, channel: any Channel
    ) async throws {
        connections.begin(channel)
        defer { connections.end(channel) }
        let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        let response = try await responder.respond(to: request, context: context)
        try await writer.write(response: response.head, body: response.body)
    }
}
