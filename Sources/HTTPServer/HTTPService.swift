internal import Glibc
internal import HTTPTypes
package import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOHTTPTypes
internal import NIOHTTPTypesHTTP1
internal import NIOPosix
package import PosixSupport
internal import ServiceLifecycle

/// Serves HTTP/1.1 on a listening socket until a graceful shutdown.
///
/// At a shutdown each connected client gets one more response, then its connection closes. Hummingbird's own server
/// binds a path or a port itself; this one uses the socket that it is given.
package struct HTTPService<Responder: HTTPResponder>: Service where Responder.Context == APIContext {
    private let socket: ListeningSocket
    private let responder: Responder
    private let logger: Logger
    private let ready: @Sendable () -> Void
    private let connections: Connections
    private let timeout: @Sendable () -> Double

    /// How long a connected client has to send a request after a shutdown began.
    private static var idleGrace: Duration { .milliseconds(500) }
    /// How long responses under way have to be sent after that.
    private static var responseGrace: Duration { .seconds(5) }

    /// - Parameters:
    ///   - socket: the listening socket; the service closes it.
    ///   - responder: answers requests.
    ///   - maximumConnections: the number of connections that can be open at once.
    ///   - logger: gets a line for each failure to accept connections.
    ///   - timeout: returns the setting `client-seconds`; called for each new connection.
    ///   - ready: is called once, when the service has begun to accept connections.
    package init(
        socket: ListeningSocket, responder: Responder, maximumConnections: Int, logger: Logger,
        timeout: @escaping @Sendable () -> Double, ready: @escaping @Sendable () -> Void
    ) {
        connections = Connections(limit: maximumConnections)
        self.timeout = timeout
        self.socket = socket
        self.responder = responder
        self.logger = logger
        self.ready = ready
    }

    /// Serves until a graceful shutdown.
    ///
    /// - Throws: `SystemError` if the socket can't be used.
    package func run() async throws {
        defer {
            socket.remove()
            close(socket.descriptor)
        }
        let channelSetup = HTTP1Channel(
            responder: respond,
            configuration: .init(
                // An autoclosure: it is evaluated for each connection.
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
                                connections.served(connection.channel)
                                group.addTask { await channelSetup.handle(value: connection, logger: logger) }
                            }
                        }
                    } onGracefulShutdown: {
                        server.channel.eventLoop.execute { stopAccepting(server.channel) }
                    }
                } catch {
                    // A connection could not be set up, or came at the moment of the shutdown.
                    if !connections.isDraining, !Task.isCancelled {
                        logger.warning("listening again after an error", metadata: ["reason": "\(error)"])
                    }
                }
            }
        }
    }

    /// Begins the graceful shutdown; must be called on the channel's event loop.
    ///
    /// Later connections wait in the socket's queue. If systemd keeps the socket open, the next process accepts them.
    private func stopAccepting(_ channel: any Channel) {
        // On this event loop the option is set immediately: the channel no longer accepts connections from the queue.
        channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { [connections] _ in
            connections.drain { channel.close(promise: nil) }
        }
        channel.eventLoop.scheduleTask(in: TimeAmount(Self.idleGrace)) { [connections] in connections.endIdle() }
        channel.eventLoop.scheduleTask(in: TimeAmount(Self.idleGrace + Self.responseGrace)) { [connections] in
            connections.endAll()
            channel.close(promise: nil)
        }
    }

    /// Accepts connections on a copy of the socket's descriptor, so that listening can begin again after an error.
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
                return channelSetup.setup(channel: channel, logger: logger).map { value in
                    let pipeline = channel.pipeline.syncOperations
                    do {
                        try pipeline.addHandler(
                            ConnectionPersistence(),
                            position: .before(pipeline.handler(type: HTTP1ToHTTPServerCodec.self)))
                    } catch {
                        // The connection was closed meanwhile, for example by a shutdown. The value must be used all
                        // the same: SwiftNIO ends the process if it is dropped.
                        channel.close(promise: nil)
                    }
                    return value
                }
            }
    }

    @Sendable private func respond(
        to request: Request, writer: consuming ResponseWriter, channel: any Channel
    ) async throws {
        let context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var request = request
        if request.headers[.expect] == ConnectionPersistence.expectation {
            request.body = RequestBody(
                asyncSequence: ContinueBody(body: request.body) {
                    try await channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue))).get()
                })
        }
        var response = try await responder.respond(to: request, context: context)
        if connections.announcesClose(channel) { response.headers[.connection] = "close" }
        try await writer.write(response: response.head, body: response.body)
    }
}
