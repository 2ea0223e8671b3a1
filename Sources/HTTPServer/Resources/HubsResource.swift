internal import Evaluation
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import NIOFoundationEssentialsCompat
internal import WireAPI

/// `GET /v1/hubs` and `POST /v1/hubs`: the images that appear most, and those with suspicious biases.
///
/// GET takes a sample of references as queries, POST can have queries. One evaluation or count of hubs runs at a time.
struct HubsResource: Resource {
    let method: HTTPRequest.Method
    let corpus: Corpus
    let settings: @Sendable () -> APISettings
    let bodies: BodyReader
    let operation: ExclusiveOperation

    let path = "/v1/hubs"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let computation =
            if method == .get {
                try await start(Self.parameters(request), context)
            } else {
                try await withBody(of: request, context)
            }
        return try await Response(of: computation, to: request)
    }

    private func withBody(of request: Request, _ context: APIContext) async throws -> LongComputation<HubsReport> {
        try request.checkParameters()
        guard request.mediaType == .json else {
            throw Problem.unsupportedMediaType(request.headers[.contentType] ?? "", supported: "application/json")
        }
        return try await bodies.withBody(of: request) { body in
            try await start(try await blocking { try Self.decode(body) }, context)
        }
    }

    private func start(_ request: HubsRequest, _ context: APIContext) async throws -> LongComputation<HubsReport> {
        let settings = settings()
        let queries = try await blocking { try request.queries?.batch(v2Elements: settings.v2Elements) }
        let finder = HubsFinder(corpus, alpha: settings.alpha)
        return LongComputation(thread: "hubs", permit: try operation.begin(), context: context) {
            isCancelled, progress in
            try finder.hubs(request, queries: queries, isCancelled: isCancelled, progress: progress)
        }
    }

    private static func parameters(_ request: Request) throws -> HubsRequest {
        try request.checkParameters("limit", "sample", "since")
        func number(_ name: String) throws -> Int? {
            guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
            guard let value = Int(String(text)) else {
                throw Problem.badRequest("bad_\(name)", "'\(name)' is '\(text)'; it must be a whole number.")
            }
            return value
        }
        let since = request.uri.queryParameters["since"].map { String($0) }
        return HubsRequest(limit: try number("limit"), sample: try number("sample"), since: since)
    }

    private static func decode(_ body: ByteBuffer) throws -> HubsRequest {
        do {
            return try WireJSON.decodeRequest(HubsRequest.self, from: Data(buffer: body))
        } catch {
            throw Problem.badJSON(error, Array(buffer: body))
        }
    }
}
