internal import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Closes a connection whose client keeps the daemon waiting: for a request, for the rest of one, or to take an answer.
///
/// It has so long for each of these, however it spreads its bytes; of a longer answer for each 64 MiB. While the daemon
/// works on an answer, no time runs.
/// Tells the other connections' keeper when a request has begun to come and when all answers have been taken.
package final class ClientDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let patience: TimeAmount
    private let connections: Connections
    private var timer: Scheduled<Void>?
    /// Requests that came and whose answers have not been taken yet.
    private var open = 0
    /// Whether a request has come in part.
    private var isReceiving = false
    /// Bytes of an answer that were taken since the time for them began to run.
    private var taken = 0

    /// What a client must take of an answer in its time.
    private static let bytesInTime = 64 << 20

    package init(seconds: Double, connections: Connections) {
        patience = .milliseconds(Int64(seconds * 1000))
        self.connections = connections
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        waitForClient(context)
    }

    package func channelActive(context: ChannelHandlerContext) {
        waitForClient(context)
        context.fireChannelActive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            open += 1
            isReceiving = true
            // One that is sent ahead waits for the daemon, not the other way round.
            if open == 1 {
                connections.begin(context.channel)
                waitForClient(context)
            }
        case .body: break
        case .end:
            isReceiving = false
            if open == 1 { waitForDaemon() }
        }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            taken = 0
            waitForClient(context)
            context.write(data, promise: promise)
        case .body(let part):
            write(data, context, promise) { $0.partTaken(part.readableBytes, $1) }
        case .end:
            write(data, context, promise) { $0.answerTaken($1) }
        }
    }

    /// Writes a part of an answer, and calls `body` once the client has taken it, or never will.
    private func write(
        _ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?,
        then body: @escaping @Sendable (ClientDeadline, ChannelHandlerContext) -> Void
    ) {
        let sent = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in
            let (handler, context) = bound.value
            body(handler, context)
        }
        context.write(data, promise: sent)
    }

    private func partTaken(_ count: Int, _ context: ChannelHandlerContext) {
        taken += count
        guard taken >= Self.bytesInTime else { return }
        taken = 0
        waitForClient(context)
    }

    private func answerTaken(_ context: ChannelHandlerContext) {
        open -= 1
        if open == 0 { connections.end(context.channel) }
        // With another request here already, it is the daemon's turn again.
        if open > 0, !isReceiving { waitForDaemon() } else { waitForClient(context) }
    }

    private func waitForDaemon() {
        timer?.cancel()
        timer = nil
    }

    private func waitForClient(_ context: ChannelHandlerContext) {
        timer?.cancel()
        guard context.channel.isActive else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
    }
}
