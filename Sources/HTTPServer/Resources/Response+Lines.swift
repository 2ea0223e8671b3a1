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

    /// The response with the report of a computation: a document, or lines if the client asks for them.
    ///
    /// Lines begin with the first event, so that an error before it has a status of its own.
    ///
    /// - Throws: the error of the computation, if it comes before the first event or before a document.
    init<Report: Codable & Sendable>(of computation: LongComputation<Report>, to request: Request) async throws {
        guard request.acceptsNDJSON else {
            self = try Response(json: try await computation.result())
            return
        }
        let first = try await computation.firstEvent()
        @Sendable func bytes(_ event: LongComputation<Report>.Event) throws -> ByteBuffer {
            switch event {
            case .progress(let step, let done):
                try Self.line(ReportLine<Report>(progress: .init(step: step, done: done)))
            case .result(let report): try Self.line(ReportLine(report: report))
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
                    try await writer.write(Self.line(ReportLine<Report>(problem: Problem(computationError: error))))
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
