import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
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

    func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let channelSetup = HTTP1Channel(responder: respond)
        let quiescing = ServerQuiescingHelper(group: group)
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations
                        .addHandler(quiescing.makeServerChannelHandler(channel: channel))
                }
            }
            .bind(socket.descriptor) { channel in channelSetup.setup(channel: channel, logger: logger) }
        defer { socket.remove() }
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { await channelSetup.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
        }
    }

    @Sendable private func respond(
        to request: Request, writer: consuming ResponseWriter, channel: any Channel
    ) async throws {
        let context = BasicRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        let response = try await responder.respond(to: request, context: context)
        try await writer.write(response: response.head, body: response.body)
    }
}
