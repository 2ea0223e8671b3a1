import HTTPServer
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@Suite struct ClientDeadlineTests {
    private static let seconds = 10.0
    private static let most = 64 << 20

    /// A connection with one request whose answer has begun.
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

    private func take(_ count: Int, from channel: EmbeddedChannel) throws {
        try channel.writeOutbound(HTTPResponsePart.body(ByteBuffer(repeating: 0, count: count)))
    }

    private func pass(_ share: Double, on channel: EmbeddedChannel) {
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(Int64(share * Self.seconds * 1000)))
    }

    @Test func aLongAnswerMayTakeTheTimeOverAndOver() throws {
        let channel = try answering()
        for _ in 0..<5 {
            pass(0.9, on: channel)
            try take(Self.most, from: channel)
        }
        pass(0.9, on: channel)
        #expect(channel.isActive)
        pass(0.2, on: channel)
        #expect(!channel.isActive)
    }

    @Test func lessIsNotEnough() throws {
        let channel = try answering()
        for _ in 0..<9 {
            pass(0.1, on: channel)
            try take(Self.most / 10, from: channel)
        }
        #expect(channel.isActive)
        pass(0.2, on: channel)
        #expect(!channel.isActive)
    }

    @Test func theNextAnswerBeginsAnew() throws {
        let channel = try answering()
        try take(Self.most - 1, from: channel)
        try channel.writeOutbound(HTTPResponsePart.end(nil))
        try channel.writeInbound(
            HTTPRequestPart.head(HTTPRequest(method: .get, scheme: "http", authority: "x", path: "/")))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        try channel.writeOutbound(HTTPResponsePart.head(HTTPResponse(status: .ok)))
        pass(0.9, on: channel)
        try take(1, from: channel)
        pass(0.2, on: channel)
        #expect(!channel.isActive)
    }
}
