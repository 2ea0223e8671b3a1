package import NIOCore

/// Accepts no connection while ``Connections`` can take none; clients wait in the socket's queue.
///
/// It stands in the pipeline of the listening channel, before SwiftNIO's own handler, which registers an accepted
/// connection with an event loop.
package final class AcceptLimit: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias InboundOut = any Channel
    package typealias OutboundIn = any Channel
    package typealias OutboundOut = any Channel

    private let connections: Connections
    /// Whether SwiftNIO asked for connections while none could be accepted; they are read when one has ended.
    private var hasPendingRead = false

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
            hasPendingRead = true
        }
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard hasPendingRead, connections.canAccept else { return }
        hasPendingRead = false
        context.read()
    }
}
