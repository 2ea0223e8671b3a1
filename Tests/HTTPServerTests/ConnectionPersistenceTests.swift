import HTTPServer
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// What a connection does after a response.
@Suite struct ConnectionPersistenceTests {
    private let channel = EmbeddedChannel()

    init() throws {
        try channel.pipeline.syncOperations.addHandler(ConnectionPersistence())
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/nowhere")).wait()
    }

    private func receive(
        _ version: HTTPVersion = .http1_1, method: HTTPMethod = .POST, _ headers: HTTPHeaders = [:],
        whole: Bool = true
    ) throws {
        let head = HTTPRequestHead(version: version, method: method, uri: "/", headers: headers)
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        if whole { try channel.writeInbound(HTTPServerRequestPart.end(nil)) }
    }

    /// The heads of the requests that were passed on.
    private func requests() throws -> [HTTPRequestHead] {
        var heads: [HTTPRequestHead] = []
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head(let head) = part { heads.append(head) }
        }
        return heads
    }

    /// Writes a response and returns the parts that leave the handler.
    private func respond(_ headers: HTTPHeaders = ["Content-Length": "2"]) throws -> [HTTPServerResponsePart] {
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        try channel.writeOutbound(HTTPServerResponsePart.head(head))
        try channel.writeOutbound(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "ab"))))
        try channel.writeOutbound(HTTPServerResponsePart.end(nil))
        return try written()
    }

    private func written() throws -> [HTTPServerResponsePart] {
        var parts: [HTTPServerResponsePart] = []
        while let part = try channel.readOutbound(as: HTTPServerResponsePart.self) { parts.append(part) }
        return parts
    }

    private func head(_ parts: [HTTPServerResponsePart]) throws -> HTTPResponseHead {
        guard case .head(let head) = try #require(parts.first) else { throw Missing() }
        return head
    }

    private struct Missing: Error {}

    @Test(
        arguments: [
            (.http1_1, "", nil), (.http1_1, "keep-alive", nil), (.http1_1, "TE", nil), (.http1_1, "close", "close"),
            (.http1_1, "Close", "close"), (.http1_1, "TE, CLOSE", "close"), (.http1_1, "keep-alive, close", "close"),
            (.http1_0, "", "close"), (.http1_0, "keep", "close"), (.http1_0, "Keep-Alive", "keep-alive"),
            (.http1_0, "TE,keep-alive", "keep-alive"), (.http1_0, "close, keep-alive", "close"),
            (HTTPVersion(major: 0, minor: 9), "", "close"),
        ] as [(HTTPVersion, String, String?)])
    func theResponseTellsWhetherTheConnectionStays(version: HTTPVersion, sent: String, expected: String?) throws {
        try receive(version, ["Connection": sent])
        let head = try head(respond())
        #expect(head.headers.first(name: "Connection") == expected)
        #expect(head.version == (version == .http1_1 ? .http1_1 : .http1_0))
        // A later request is passed on only where the connection stays open.
        _ = try requests()
        try receive(version)
        #expect(try requests().isEmpty == (expected == "close"))
    }

    @Test func aRequestThatEndsTheConnectionSaysSoInOneForm() throws {
        try receive(.http1_1, ["Connection": "TE, Close"])
        #expect(try requests().map { $0.headers["Connection"] } == [["close"]])
    }

    @Test func aResponseWithoutALengthEndsAnHTTP10Connection() throws {
        try receive(.http1_0, ["Connection": "keep-alive"])
        #expect(try head(respond([:])).headers["Connection"] == ["close"])
    }

    @Test func aCloseOfTheServerIsKept() throws {
        try receive(.http1_0, ["Connection": "keep-alive"])
        let head = try head(respond(["Content-Length": "2", "Connection": "close"]))
        #expect(head.headers["Connection"] == ["close"])
    }

    @Test func aResponseToHEADHasNoBodyAndNoChunks() throws {
        for headers in [["Content-Length": "2"], [:]] as [HTTPHeaders] {
            try receive(.http1_1, method: .HEAD)
            let rest = try respond(headers).dropFirst()
            for part in rest {
                guard case .body(.byteBuffer(let bytes)) = part else { throw Missing() }
                #expect(bytes.readableBytes == 0)
            }
        }
    }

    private static let expecting: HTTPHeaders = ["Expect": "other, 100-Continue", "Content-Length": "5"]
    private static let askForBody = HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .continue))

    @Test func aClientThatWaitsForTheBodyIsAskedOnce() throws {
        try receive(.http1_1, Self.expecting, whole: false)
        #expect(try requests().map { $0.headers["Expect"] } == [["100-continue"]])
        for count in [1, 0] {
            try channel.writeOutbound(Self.askForBody)
            #expect(try written().count == count)
        }
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(try head(respond()).headers["Connection"].isEmpty)
    }

    @Test func aClientWhoseBodyComesIsNotAsked() throws {
        try receive(.http1_1, Self.expecting, whole: false)
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "a")))
        try channel.writeOutbound(Self.askForBody)
        #expect(try written().isEmpty)
        #expect(try head(respond()).headers["Connection"].isEmpty)
    }

    @Test func aFinalResponseInsteadEndsTheConnection() throws {
        try receive(.http1_1, Self.expecting, whole: false)
        #expect(try head(respond()).headers["Connection"] == ["close"])
        _ = try requests()
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(string: "a")))
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == nil)
    }

    @Test(
        arguments: [(.http1_0, "100-continue"), (.http1_1, "200-ok"), (.http1_1, "")] as [(HTTPVersion, String)])
    func otherExpectationsAreIgnored(version: HTTPVersion, expectation: String) throws {
        try receive(version, ["Expect": expectation])
        #expect(try requests().map { $0.headers["Expect"] } == [[]])
    }

    @Test func requestsSentAheadAreTakenInTurn() throws {
        try receive(.http1_0, ["Connection": "keep-alive"])
        try receive(.http1_1)
        try receive(.http1_1, ["Connection": "close"])
        try receive(.http1_1)
        #expect(try requests().count == 3)
        let connections = try (0..<3).map { _ in try head(respond()).headers["Connection"] }
        #expect(connections == [["keep-alive"], [], ["close"]])
    }

    @Test(arguments: [true, false]) func aCloseInTrailersEndsTheConnection(answeredBefore: Bool) throws {
        try receive(.http1_1, whole: false)
        if answeredBefore { #expect(try head(respond()).headers["Connection"].isEmpty) }
        try channel.writeInbound(HTTPServerRequestPart.end(["Digest": "x", "connection": "TE, Close"]))
        if !answeredBefore { #expect(try head(respond()).headers["Connection"] == ["close"]) }
        _ = try requests()
        try receive(.http1_1)
        #expect(try requests().isEmpty)
    }

    @Test func anErrorInABodyEndsTheConnectionWithTheResponse() throws {
        struct Damage: Error {}
        try receive(.http1_1, whole: false)
        channel.pipeline.fireErrorCaught(Damage())
        #expect(throws: Damage.self) { try channel.throwIfErrorCaught() }
        #expect(try head(respond()).headers["Connection"] == ["close"])
    }
}
