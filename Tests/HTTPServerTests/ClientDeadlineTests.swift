import HTTPServer
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@Suite struct ClientDeadlineTests {
    private static let seconds = 10.0
    private static let bytesPerTimeout = 64 << 20

    /// A connection with one request whose response has begun.
    private func answering() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            ClientDeadline(seconds: Self.seconds, connections: Connections(limit: 1)))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
        try channel.writeInbound(
            HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/")))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        return channel
    }

    /// Writes a part of a response, which the client takes after a share of the timeout.
    private func take(_ count: Int, after share: Double, from channel: EmbeddedChannel) throws {
        channel.write(HTTPResponsePart.body(ByteBuffer(repeating: 0, count: count)), promise: nil)
        pass(share, on: channel)
        channel.flush()
        try channel.throwIfErrorCaught()
    }

    private func pass(_ share: Double, on channel: EmbeddedChannel) {
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(Int64(share * Self.seconds * 1000)))
    }

    @Test func aLongResponseHasTheTimeoutForEach64MiB() throws {
        let channel = try answering()
        for _ in 0..<5 { try take(Self.bytesPerTimeout, after: 0.9, from: channel) }
        try take(1, after: 0.9, from: channel)
        #expect(channel.isActive)
        try take(1, after: 0.2, from: channel)
        #expect(!channel.isActive)
    }

    @Test func aClientThatTakesLessIsDisconnected() throws {
        let channel = try answering()
        for _ in 0..<9 { try take(Self.bytesPerTimeout / 10, after: 0.1, from: channel) }
        #expect(channel.isActive)
        try take(1, after: 0.2, from: channel)
        #expect(!channel.isActive)
    }

    @Test func noTimeRunsWhileTheDaemonWorksOnTheNextPart() throws {
        let channel = try answering()
        for _ in 0..<9 {
            try take(1, after: 0.1, from: channel)
            pass(100, on: channel)
        }
        #expect(channel.isActive)
        // The time for the parts that the client takes goes on.
        try take(1, after: 0.2, from: channel)
        #expect(!channel.isActive)
    }

    @Test func theNextResponseCountsFromZero() throws {
        let channel = try answering()
        try take(Self.bytesPerTimeout - 1, after: 0, from: channel)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        try channel.writeInbound(
            HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/")))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        try take(1, after: 0.9, from: channel)
        try take(1, after: 0.2, from: channel)
        #expect(!channel.isActive)
    }

    /// A connection without a request.
    private func connected() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(
            ClientDeadline(seconds: Self.seconds, connections: Connections(limit: 1)))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
        return channel
    }

    private func sendHead(on channel: EmbeddedChannel) throws {
        try channel.writeInbound(
            HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/")))
    }

    @Test func aConnectionWithoutARequestIsClosed() throws {
        let channel = try connected()
        pass(0.9, on: channel)
        #expect(channel.isActive)
        pass(0.2, on: channel)
        #expect(!channel.isActive)
    }

    @Test func aRequestThatStaysIncompleteIsClosed() throws {
        let channel = try connected()
        pass(0.9, on: channel)
        try sendHead(on: channel)
        for _ in 0..<9 {
            pass(0.1, on: channel)
            try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(string: "x")))
        }
        #expect(channel.isActive)
        pass(0.2, on: channel)
        #expect(!channel.isActive)
    }

    @Test func noTimeRunsWhileTheDaemonWorks() throws {
        let channel = try connected()
        try sendHead(on: channel)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        pass(100, on: channel)
        #expect(channel.isActive)
    }

    @Test func aRequestSentAheadWaitsForTheDaemon() throws {
        let channel = try answering()
        try sendHead(on: channel)
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        pass(100, on: channel)
        #expect(channel.isActive)
    }

    @Test func anEndedConnectionHasNoTimer() throws {
        let channel = try connected()
        try channel.close().wait()
        // A timer that still ran would call a handler that is no longer in the pipeline.
        pass(2, on: channel)
        #expect(!channel.isActive)
    }
}
