import HTTPTypes
import Hummingbird
import NIOCore
import Testing

/// The limits of bodies.
@Suite struct BodyTests {
    private static let limit = 64 << 20

    @Test(arguments: ["/v1/search", "/v1/verify"]) func aLengthBeyondTheLimitIsRejected(path: String) async throws {
        let headers: HTTPFields = [.contentLength: "\(Self.limit + 1)"]
        let body = RequestBody(buffer: ByteBuffer())
        let reply = try await Reply(TestAPI().response(.post, path, headers: headers, body: body))
        #expect((reply.status, reply.code) == (413, "body_too_large"))
    }

    @Test func aBodyWithoutALengthIsRejectedAtTheLimit() async throws {
        let parts = (0...64).map { _ in ByteBuffer(repeating: 0, count: 1 << 20) }
        let body = RequestBody(asyncSequence: Parts(parts: parts, error: nil))
        let headers: HTTPFields = [.contentType: "application/x-npy"]
        let reply = try await Reply(TestAPI().response(.post, "/v1/search", headers: headers, body: body))
        #expect((reply.status, reply.code) == (413, "body_too_large"))
    }

    @Test func aBodyThatEndsTooEarlyIsRejected() async throws {
        struct Cut: Error {}
        let body = RequestBody(asyncSequence: Parts(parts: [ByteBuffer(string: "{")], error: Cut()))
        let reply = try await Reply(TestAPI().response(.post, "/v1/search", body: body))
        #expect((reply.status, reply.code) == (400, "bad_body"))
    }

    @Test func aRequestThatIsCancelledIsToldThatTheDaemonStops() async throws {
        let body = RequestBody(asyncSequence: Parts(parts: [], error: CancellationError()))
        let reply = try await Reply(TestAPI().response(.post, "/v1/search", body: body))
        #expect((reply.status, reply.code) == (503, "stopping"))
    }

    /// Some parts, then perhaps an error.
    private struct Parts: AsyncSequence, Sendable {
        let parts: [ByteBuffer]
        let error: (any Error)?

        func makeAsyncIterator() -> Iterator { Iterator(rest: parts[...], error: error) }

        struct Iterator: AsyncIteratorProtocol {
            var rest: ArraySlice<ByteBuffer>
            let error: (any Error)?

            mutating func next() async throws -> ByteBuffer? {
                if let part = rest.popFirst() { return part }
                if let error { throw error }
                return nil
            }
        }
    }
}
