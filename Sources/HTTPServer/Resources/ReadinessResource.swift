internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias

/// `GET /readyz`: the daemon can read its store, and so can answer searches.
struct ReadinessResource: Resource {
    let corpus: Corpus

    let method = HTTPRequest.Method.get
    let path = "/readyz"

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        _ = try await blocking { try corpus.state() }
        return try Response(json: ["status": "ready"])
    }
}
