package import NIOCore

/// Accepts no connection while as many are open as may be, and none in the end; those that want in wait.
///
/// For the server's channel, ahead of what hands the connections on.
package final class AcceptLimit: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias InboundOut = any Channel
    package typealias OutboundIn = any Channel
    package typealias OutboundOut = any Channel

    private let connections: Connections
    /// Whether the channel has asked for connections and was put off.
    private var isHolding = false

    package init(_ connections: Connections) {
        self.connections = connections
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        connections.whenRoom {
            loop.execute {
                let (handler, context) = bound.value
                handler.goOn(context)
            }
        }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connections.add(unwrapInboundIn(data))
        context.fireChannelRead(data)
    }

    package func read(context: ChannelHandlerContext) {
        if connections.isFull || connections.isDraining {
            isHolding = true
        } else {
            context.read()
        }
    }

    private func goOn(_ context: ChannelHandlerContext) {
        guard isHolding, !connections.isFull, !connections.isDraining else { return }
        isHolding = false
        context.read()
    }
}
