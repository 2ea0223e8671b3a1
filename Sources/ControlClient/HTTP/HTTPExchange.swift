internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// One HTTP/1.1 request and its response, over a new connection to a Unix socket.
struct HTTPExchange: Sendable {
    /// The socket's path, at most 107 bytes.
    let socket: String

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// The error if the daemon closes the connection before the end of its response.
    struct ConnectionClosed: Error {}

    /// The error if the response has more bytes than the caller allows.
    struct ResponseTooLarge: Error {}

    /// Sends a request and passes the response to `receive` part by part.
    ///
    /// - Parameters:
    ///   - head: method, target and headers; `Host`, `Connection` and `Content-Length` are added.
    ///   - content: the request's body.
    ///   - receive: is called with the response's head and no bytes, then with the head and the next bytes of the body,
    ///     until the response ends.
    /// - Throws: `IOError` if the socket can't be reached, ``ConnectionClosed``, and what `receive` throws.
    func send(
        _ head: HTTPRequestHead, content: [UInt8], _ receive: (HTTPResponseHead, ByteBuffer) throws -> Void
    ) async throws {
        let connection = try await connect()
        try await connection.executeThenClose { inbound, outbound in
            do {
                try await write(head, content, to: outbound)
            } catch let error where Self.meansClosed(error) {
                // The daemon may have responded before it has read the whole request; the response is read below.
            }
            var responseHead: HTTPResponseHead?
            for try await next in inbound {
                switch next {
                case .head(let head):
                    responseHead = head
                    try receive(head, ByteBuffer())
                case .body(let bytes):
                    if let responseHead { try receive(responseHead, bytes) }
                case .end: return
                }
            }
            try Task.checkCancellation()
            throw ConnectionClosed()
        }
    }

    /// Sends a request and returns the whole response.
    ///
    /// - Parameter limit: the maximum number of bytes of the response's body.
    /// - Throws: what ``send(_:content:_:)`` throws, and ``ResponseTooLarge``.
    func collect(_ head: HTTPRequestHead, content: [UInt8], upTo limit: Int) async throws -> (HTTPResponseHead, [UInt8])
    {
        var response: HTTPResponseHead?
        var body: [UInt8] = []
        try await send(head, content: content) { head, bytes in
            response = head
            guard body.count + bytes.readableBytes <= limit else { throw ResponseTooLarge() }
            body.append(contentsOf: bytes.readableBytesView)
        }
        guard let response else { throw ConnectionClosed() }
        return (response, body)
    }

    /// Whether a write failed because the daemon has closed the connection.
    private static func meansClosed(_ error: any Error) -> Bool {
        if let error = error as? IOError { return [EPIPE, ECONNRESET].contains(error.errnoCode) }
        return [.ioOnClosedChannel, .alreadyClosed, .eof].contains(error as? ChannelError)
    }

    private func connect() async throws -> Connection {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }

    private func write(
        _ head: HTTPRequestHead, _ content: [UInt8], to outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    ) async throws {
        var head = head
        head.headers.add(name: "Host", value: "localhost")
        head.headers.add(name: "Connection", value: "close")
        if !content.isEmpty { head.headers.add(name: "Content-Length", value: String(content.count)) }
        try await outbound.write(.head(head))
        if !content.isEmpty { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: content)))) }
        try await outbound.write(.end(nil))
    }
}
