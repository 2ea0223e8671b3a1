internal import HTTPTypes
package import NIOCore
package import NIOHTTPTypes

/// Closes a connection whose client is too slow: in sending a request, or in receiving a response, or idle in between.
///
/// The timeout covers each of these as a whole, however the client spreads its bytes; of a long response it covers each
/// 64 MiB. While the daemon works on a response, no time runs: before it begins, and when the client has taken all parts
/// that were written.
package final class ClientDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let timeout: TimeAmount
    /// Learns when a request begins to arrive and when all responses are taken.
    private let connections: Connections
    private var timer: Scheduled<Void>?
    /// When the timer ends, if it runs.
    private var end = NIODeadline.distantFuture
    /// What was left of the timeout when the client had taken all parts of a response; `nil` unless the daemon works on
    /// the next part.
    private var left: TimeAmount?
    /// The parts of responses that were written and are not taken yet.
    private var openParts = 0
    /// The requests that have begun to arrive and whose responses are not taken yet.
    private var openRequests = 0
    /// Whether a request has arrived in part.
    private var isReceiving = false
    /// The bytes of a response that were taken since its timer was started.
    private var bytesTaken = 0

    package init(seconds: Double, connections: Connections) {
        timeout = .milliseconds(Int64(seconds * 1000))
        self.connections = connections
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        startTimer(context)
    }

    package func channelActive(context: ChannelHandlerContext) {
        startTimer(context)
        context.fireChannelActive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        stopTimer()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        stopTimer()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            openRequests += 1
            isReceiving = true
            // A further request that arrives before the last response waits for the daemon, not for the client.
            if openRequests == 1 {
                connections.requestBegan(context.channel)
                startTimer(context)
            }
        case .body: break
        case .end:
            isReceiving = false
            if openRequests == 1 { stopTimer() }
        }
        context.fireChannelRead(data)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head:
            bytesTaken = 0
            startTimer(context)
            context.write(data, promise: promise)
        case .body(let part):
            write(data, context, promise) { $0.partTaken(part.readableBytes, $1) }
        case .end:
            write(data, context, promise) { $0.responseTaken($1) }
        }
    }

    /// Writes a part of a response, and calls `body` once the client has taken it or is gone.
    private func write(
        _ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?,
        then body: @escaping @Sendable (ClientDeadline, ChannelHandlerContext) -> Void
    ) {
        let sent = promise ?? context.eventLoop.makePromise()
        openParts += 1
        resumeTimer(context)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in
            let (handler, context) = bound.value
            handler.openParts -= 1
            body(handler, context)
        }
        context.write(data, promise: sent)
    }

    private func partTaken(_ count: Int, _ context: ChannelHandlerContext) {
        bytesTaken += count
        if bytesTaken >= RequestLimits.bytesPerTimeout {
            bytesTaken = 0
            startTimer(context)
        }
        if openParts == 0 { pauseTimer(context) }
    }

    private func responseTaken(_ context: ChannelHandlerContext) {
        openRequests -= 1
        if openRequests == 0 { connections.responsesTaken(context.channel) }
        // If another request has arrived completely, the client waits for the daemon and no time runs.
        if openRequests > 0, !isReceiving { stopTimer() } else { startTimer(context) }
    }

    /// Stops the timer until the next part of the response is written.
    private func pauseTimer(_ context: ChannelHandlerContext) {
        guard timer != nil else { return }
        left = end - context.eventLoop.now
        timer?.cancel()
        timer = nil
    }

    /// Continues after ``pauseTimer(_:)`` with the time that was left.
    private func resumeTimer(_ context: ChannelHandlerContext) {
        guard let left else { return }
        startTimer(context, left)
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
        left = nil
    }

    /// Starts the timer anew, by default with the whole timeout.
    private func startTimer(_ context: ChannelHandlerContext, _ time: TimeAmount? = nil) {
        stopTimer()
        guard context.channel.isActive else { return }
        end = context.eventLoop.now + (time ?? timeout)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: end) { context.close(promise: nil) }
    }
}
