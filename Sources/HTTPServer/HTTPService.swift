internal import Glibc
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOPosix
package import PosixSupport
internal import ServiceLifecycle

/// Serves HTTP/1.1 on a socket that listens already, until a graceful shutdown: whoever has connected by then is
/// answered once more, then connections close.
///
/// Hummingbird's own server binds a path or a port itself; this one takes the socket that it is given.
package struct HTTPService<Responder: HTTPResponder>: Service where Responder.Context == BasicRequestContext {
    package let socket: ListeningSocket
    package let responder: Responder
    package let logger: Logger
    /// Is called once requests are answered.
    private let ready: @Sendable () -> Void

    private let connections: Connections
    private let timeout: @Sendable () -> Double

    /// How long a client that has connected has to send a request after a shutdown began.
    private static var lastMoment: Duration { .milliseconds(500) }
    /// How long answers under way have to be sent after that.
    private static var grace: Duration { .seconds(5) }

    /// - Parameters:
    ///   - mostConnections: how many can be open at once.
    ///   - timeout: seconds that a client may keep the daemon waiting, for connections made from now on.
    ///   - ready: is called once requests are answered.
    package init(
        socket: ListeningSocket, responder: Responder, mostConnections: Int, logger: Logger,
        timeout: @escaping @Sendable () -> Double,
        ready: @escaping @Sendable () -> Void
    ) {
        connections = Connections(limit: mostConnections)
        self.timeout = timeout
        self.socket = socket
        self.responder = responder
        self.logger = logger
        self.ready = ready
    }

    package func run() async throws {
        defer {
            socket.remove()
            close(socket.descriptor)
        }
        let channelSetup = HTTP1Channel(
            responder: respond,
            configuration: .init(
                additionalChannelHandlers: [ClientDeadline(seconds: timeout(), connections: connections)]))
        try await withThrowingDiscardingTaskGroup { group in
            var isReady = false
            while !connections.isDraining, !Task.isCancelled {
                let server = try await bind(channelSetup)
                if !isReady { ready() }
                isReady = true
                do {
                    try await withGracefulShutdownHandler {
                        try await server.executeThenClose { accepted in
                            for try await connection in accepted {
                                connections.taken(connection.channel)
                                group.addTask { await channelSetup.handle(value: connection, logger: logger) }
                            }
                        }
                    } onGracefulShutdown: {
                        server.channel.eventLoop.execute { stopAccepting(server.channel) }
                    }
                } catch {
                    // One connection that couldn't be set up, or came in the moment of the end.
                    if !connections.isDraining, !Task.isCancelled {
                        logger.warning("connections are accepted anew", metadata: ["reason": "\(error)"])
                    }
                }
            }
        }
    }

    /// Ends everything well; on the channel's event loop.
    ///
    /// Those that come later wait in the socket's queue, where the next process finds them if systemd keeps the socket.
    private func stopAccepting(_ channel: any Channel) {
        // At once on this loop: the channel no longer looks at the queue.
        channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { [connections] _ in
            connections.drain { channel.close(promise: nil) }
        }
        channel.eventLoop.scheduleTask(in: TimeAmount(Self.lastMoment)) { [connections] in connections.closeIdle() }
        channel.eventLoop.scheduleTask(in: TimeAmount(Self.lastMoment + Self.grace)) { [connections] in
            connections.closeAll()
            channel.close(promise: nil)
        }
    }

    /// Begins to accept connections, on a copy of the socket's descriptor: another beginning may follow.
    private func bind(_ channelSetup: HTTP1Channel) async throws -> NIOAsyncChannel<HTTP1Channel.Value, Never> {
        let descriptor = dup(socket.descriptor)
        guard descriptor >= 0 else { throw SystemError("accept connections") }
        return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelInitializer { [connections] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptLimit(connections))
                }
            }
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .bind(descriptor) { [connections] channel in
                connections.registered(channel)
                return channelSetup.setup(channel: channel, logger: logger)
            }
    }

    @Sendable private func respond(
        to request: Request, writer: consuming ResponseWriter, channel: any Channel
    ) async throws {
        let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response = try await responder.respond(to: request, context: context)
        if connections.isLastAnswer(channel) { response.headers[.connection] = "close" }
        try await writer.write(response: response.head, body: response.body)
    }
}
