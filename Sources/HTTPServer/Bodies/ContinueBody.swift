internal import Hummingbird
internal import NIOCore

/// The body of a request whose client waits for `100 Continue` (RFC 9110, section 10.1.1).
///
/// It asks the client for the body when the first part is read: a request that is rejected before that gets its final
/// response alone.
struct ContinueBody: AsyncSequence, Sendable {
    /// The body as it arrives.
    let body: RequestBody
    /// Sends `100 Continue`.
    let sendContinue: @Sendable () async throws -> Void

    func makeAsyncIterator() -> Iterator {
        Iterator(parts: body.makeAsyncIterator(), sendContinue: sendContinue)
    }

    struct Iterator: AsyncIteratorProtocol {
        var parts: RequestBody.AsyncIterator
        /// Is `nil` once it has been called.
        var sendContinue: (@Sendable () async throws -> Void)?

        mutating func next() async throws -> ByteBuffer? {
            if let send = sendContinue {
                sendContinue = nil
                try await send()
            }
            return try await parts.next()
        }
    }
}
