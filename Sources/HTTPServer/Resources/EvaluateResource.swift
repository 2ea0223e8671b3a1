internal import Evaluation
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import NIOFoundationEssentialsCompat
internal import WireAPI

/// `POST /v1/evaluate`: what the correction by biases changes for some queries.
///
/// One evaluation runs at a time. It ends when the client's connection is closed.
struct EvaluateResource: Resource {
    let corpus: Corpus
    let settings: @Sendable () -> APISettings
    let bodies: BodyReader
    let operation: ExclusiveOperation

    let method = HTTPRequest.Method.post
    let path = "/v1/evaluate"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        guard request.mediaType == .json else {
            throw Problem.unsupportedMediaType(request.headers[.contentType] ?? "", supported: "application/json")
        }
        let computation = try await bodies.withBody(of: request) { body in try await start(body, context) }
        return try await Response(of: computation, to: request)
    }

    /// Reads the body, and starts the evaluation.
    private func start(_ body: ByteBuffer, _ context: APIContext) async throws -> LongComputation<EvaluationReport> {
        let settings = settings()
        let (request, queries) = try await blocking {
            let request = try Self.decode(body)
            return (request, try request.queries?.batch(v2Elements: settings.v2Elements))
        }
        let evaluator = Evaluator(corpus, alpha: settings.alpha)
        return LongComputation(thread: "evaluate", permit: try operation.begin(), context: context) {
            isCancelled, progress in
            try evaluator.evaluate(request, queries: queries, isCancelled: isCancelled, progress: progress)
        }
    }

    private static func decode(_ body: ByteBuffer) throws -> EvaluationRequest {
        do {
            return try WireJSON.decodeRequest(EvaluationRequest.self, from: Data(buffer: body))
        } catch {
            throw Problem.badJSON(error, Array(buffer: body))
        }
    }
}
