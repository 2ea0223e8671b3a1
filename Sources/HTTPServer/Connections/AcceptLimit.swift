package import NIOCore

/// Accepts no connection while ``Connections`` can take none; clients wait in the socket's queue.
///
/// It stands in the pipeline of the listening channel, before the handler that passes connections on.
package final class AcceptLimit: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias InboundOut = any Channel
    package typealias OutboundIn = any Channel
    package typealias OutboundOut = any Channel

    private let connections: Connections
    /// Whether a read of new connections was held back because the limit was reached.
    private var isHolding = false

    package init(_ connections: Connections) {
        self.connections = connections
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        connections.onResumeAccepting {
            loop.execute {
                let (handler, context) = bound.value
                handler.resume(context)
            }
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connections.accepted(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }

    package func read(context: ChannelHandlerContext) {
        if connections.canAccept {
            context.read()
        } else {
            isHolding = true
        }
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard isHolding, connections.canAccept else { return }
        isHolding = false
        context.read()
    }
}
