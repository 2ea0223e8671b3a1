package import NIOCore
package import NIOHTTP1

/// Keeps a connection open after a response or ends it, as RFC 9112, section 9 says.
///
/// It stands between SwiftNIO's HTTP/1 codec and the conversion to HTTPTypes, which drops the version. A connection
/// ends with a response
/// - if the request says `Connection: close`;
/// - if the request is HTTP/1.0, and either it does not say `Connection: keep-alive` or the response has no length:
///   HTTP/1.0 knows no chunks;
/// - if the client waits for `100 Continue` and gets the final response instead, as its body may never come.
///
/// Then the output is closed, and what the client still sends is read and dropped until it closes the connection:
/// otherwise it could lose the response (RFC 9112, section 9.6). ``ClientDeadline`` limits the time of that.
package final class ConnectionPersistence: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPServerRequestPart
    package typealias InboundOut = HTTPServerRequestPart
    package typealias OutboundIn = HTTPServerResponsePart
    package typealias OutboundOut = HTTPServerResponsePart

    /// The value of `Expect` in a passed-on request whose client waits for `100 Continue`; other requests have none.
    static let expectation = "100-continue"

    /// A request, until it has arrived as a whole and its response is written.
    private struct Exchange {
        /// Whether the client may know nothing of HTTP/1.1.
        let isHTTP10: Bool
        let isHead: Bool
        /// Whether the connection stays open after the response.
        var keepsAlive: Bool
        /// Whether the client waits for `100 Continue` before it sends the body.
        var awaitsContinue: Bool
        /// Whether the whole request has arrived.
        var isWhole = false
        /// Whether the response is written.
        var isAnswered = false

        init(_ head: HTTPRequestHead) {
            isHTTP10 = head.version.major < 1 || head.version == .http1_0
            isHead = head.method == .HEAD
            // Not `isKeepAlive`, which takes the first option of several.
            let options = Self.members("Connection", of: head.headers)
            keepsAlive = !options.contains("close") && (!isHTTP10 || options.contains("keep-alive"))
            let expected = Self.members("Expect", of: head.headers)
            awaitsContinue = !isHTTP10 && expected.contains(ConnectionPersistence.expectation)
        }

        /// The members of a field that is a list, in lowercase.
        static func members(_ name: String, of fields: HTTPHeaders) -> [String] {
            fields[canonicalForm: name].map { $0.lowercased() }
        }
    }

    /// The requests under way, oldest first.
    private var exchanges: [Exchange] = []
    /// Whether what arrives is dropped: after a request that ends the connection, nothing that arrives counts as a
    /// request.
    private var ignoresInput = false
    /// Whether the last response is written.
    private var isEnding = false

    package init() {}

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ignoresInput else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            let exchange = Exchange(head)
            exchanges.append(exchange)
            // Hummingbird knows this form only.
            if !exchange.keepsAlive { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            // HTTP/1.0 has no such field, and other values can be ignored (RFC 9110, section 10.1.1).
            head.headers.remove(name: "Expect")
            if exchange.awaitsContinue { head.headers.add(name: "Expect", value: Self.expectation) }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body:
            updateLast { $0.awaitsContinue = false }
            context.fireChannelRead(data)
        case .end(let trailers):
            updateLast { exchange in
                exchange.awaitsContinue = false
                exchange.isWhole = true
                // After `Connection: close` in the trailers, as in the head, the codec parses no other request.
                if let trailers, Exchange.members("Connection", of: trailers).contains("close") {
                    exchange.keepsAlive = false
                }
            }
            let isLast = exchanges.last.map { !$0.keepsAlive } ?? false
            let isAnswered = exchanges.last?.isAnswered ?? false
            ignoresInput = isLast
            removeFinished()
            context.fireChannelRead(data)
            if isLast, isAnswered { end(context) }
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Nobody else asks for what is dropped.
        if isEnding { context.read() }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What is dropped need not be HTTP.
        guard !ignoresInput else { return }
        // The end of a request with a damaged body can't be found, so no other can follow.
        if let last = exchanges.last, !last.isWhole {
            if last.isAnswered {
                end(context)
                return
            }
            updateLast { $0.keepsAlive = false }
        }
        context.fireErrorCaught(error)
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status == .continue:
            guard exchanges.first?.awaitsContinue == true else {
                promise?.succeed()
                return
            }
            exchanges[0].awaitsContinue = false
            context.write(data, promise: promise)
        case .head(let head):
            context.write(wrapOutboundOut(.head(framed(head))), promise: promise)
        case .body where exchanges.first?.isHead == true:
            // Writes nothing, and keeps the order of the promises.
            context.write(Self.nothing(wrapOutboundOut), promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            writeEnd(data, context, promise)
        }
    }

    /// The head of the first exchange's response, for its version and with the connection's fate.
    private func framed(_ head: HTTPResponseHead) -> HTTPResponseHead {
        guard let exchange = exchanges.first else { return head }
        var head = head
        if exchange.isHTTP10 {
            head.version = .http1_0
            let hasLength = head.headers.contains(name: "Content-Length")
            if !hasLength, !exchange.isHead, head.status.mayHaveResponseBody { exchanges[0].keepsAlive = false }
        }
        if exchange.awaitsContinue { exchanges[0].keepsAlive = false }
        if !exchanges[0].keepsAlive {
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        } else if exchange.isHTTP10, !head.headers.contains(name: "Connection") {
            head.headers.add(name: "Connection", value: "keep-alive")
        }
        return head
    }

    private func writeEnd(_ data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let exchange = exchanges.first
        // The codec would end the chunks of a response to HEAD, which has none.
        let part = exchange?.isHead == true ? Self.nothing(wrapOutboundOut) : data
        if !exchanges.isEmpty { exchanges[0].isAnswered = true }
        removeFinished()
        context.write(part, promise: promise)
        if let exchange, !exchange.keepsAlive { end(context) }
    }

    /// Closes the output, and drops what the client still sends.
    private func end(_ context: ChannelHandlerContext) {
        isEnding = true
        ignoresInput = true
        context.flush()
        // This closes the output when everything has been sent.
        context.close(mode: .output, promise: nil)
        context.read()
    }

    private static func nothing(_ wrap: (HTTPServerResponsePart) -> NIOAny) -> NIOAny {
        wrap(.body(.byteBuffer(ByteBuffer())))
    }

    /// Changes the request that is arriving.
    private func updateLast(_ change: (inout Exchange) -> Void) {
        guard let last = exchanges.indices.last else { return }
        change(&exchanges[last])
    }

    private func removeFinished() {
        while let first = exchanges.first, first.isWhole, first.isAnswered { exchanges.removeFirst() }
    }
}
