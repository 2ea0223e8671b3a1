import HTTPServer
import NIOCore
import NIOEmbedded
import Testing

/// The listening channel's handler: it asks for no connection while as many are open as can be.
@Suite struct AcceptLimitTests {
    /// Counts the reads that reach the socket.
    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = NIOAny
        var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }

    @Test func acceptingStopsAtTheLimitAndGoesOnWhenAConnectionHasEnded() throws {
        let server = EmbeddedChannel()
        let reads = ReadCounter()
        try server.pipeline.syncOperations.addHandler(reads)
        try server.pipeline.syncOperations.addHandler(AcceptLimit(Connections(limit: 1)))
        server.read()
        #expect(reads.count == 1)
        let client = EmbeddedChannel()
        try server.writeInbound(client as any Channel)
        #expect(try server.readInbound(as: (any Channel).self) === client)
        server.read()
        #expect(reads.count == 1)
        _ = try client.finish()
        server.embeddedEventLoop.run()
        #expect(reads.count == 2)
    }

    @Test func nothingIsAcceptedAfterADrain() throws {
        let server = EmbeddedChannel()
        let (reads, connections) = (ReadCounter(), Connections(limit: 9))
        try server.pipeline.syncOperations.addHandler(reads)
        try server.pipeline.syncOperations.addHandler(AcceptLimit(connections))
        connections.drain {}
        server.read()
        #expect(reads.count == 0)
    }
}
