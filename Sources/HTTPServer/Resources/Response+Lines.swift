internal import Evaluation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import WireAPI

extension Request {
    /// Whether the client asks for lines of JSON.
    var acceptsNDJSON: Bool {
        headers[values: .accept].joined(separator: ",").split(separator: ",").contains { element in
            element.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased() == Response.lineMediaType
        }
    }
}

extension Response {
    /// The media type of lines of JSON (https://github.com/ndjson/ndjson-spec).
    static let lineMediaType = "application/x-ndjson"

    /// A response with a line for each event of a computation.
    ///
    /// It begins with the first event, so that an error before it has a status of its own.
    ///
    /// - Parameters:
    ///   - line: the line for progress.
    ///   - result: the line for the result, the last one.
    ///   - failure: the line for an error, the last one.
    /// - Throws: the error of the computation, if it comes before the first event.
    init<Result, Line: Encodable & SendableMetatype>(
        lines computation: LongComputation<Result>, line: @escaping @Sendable (String, Double) -> Line,
        result: @escaping @Sendable (Result) -> Line, failure: @escaping @Sendable (Problem) -> Line
    ) async throws {
        let first = try await computation.firstEvent()
        @Sendable func bytes(_ event: LongComputation<Result>.Event) throws -> ByteBuffer {
            switch event {
            case .progress(let step, let done): try Self.line(line(step, done))
            case .result(let value): try Self.line(result(value))
            }
        }
        self.init(
            status: .ok, headers: [.contentType: Self.lineMediaType],
            body: ResponseBody { writer in
                try await writer.write(bytes(first))
                do {
                    for try await event in computation.events { try await writer.write(bytes(event)) }
                } catch {
                    // If the client is gone, this fails too.
                    try await writer.write(Self.line(failure(Problem(computationError: error))))
                }
                try await writer.finish(nil)
            })
    }

    private static func line(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(bytes: try WireJSON.encode(value))
        buffer.writeString("\n")
        return buffer
    }
}
