import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose client keeps the daemon waiting: for a request, for the rest of one, or to take an answer.
///
/// It has so long for each of these, however it spreads its bytes. While the daemon works on an answer, no time runs.
/// Tells the other connections' keeper when a request has begun to come and when all answers have been taken.
final class ClientDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let patience: TimeAmount
    private let connections: Connections
    private var timer: Scheduled<Void>?
    /// Requests that came and whose answers have not been taken yet.
    private var open = 0
    /// Whether a request has come in part.
    private var isReceiving = false

    init(seconds: Double, connections: Connections) {
        patience = .milliseconds(Int64(seconds * 1000))
        self.connections = connections
    }

    func handlerAdded(context: ChannelHandlerContext) {
        waitForClient(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        waitForClient(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head: waitForClient(context)
        case .body: break
        case .end:
            let sent = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            sent.futureResult.whenComplete { _ in
                let (handler, context) = bound.value
                handler.answerTaken(context)
            }
            context.write(data, promise: sent)
            return
        }
        context.write(data, promise: promise)
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
