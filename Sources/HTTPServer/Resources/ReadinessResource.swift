internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import WireAPI

/// `GET /readyz`: the daemon can read its store and its data file is in place, so it can answer searches and commit.
struct ReadinessResource: Resource {
    let corpus: Corpus

    let method = HTTPRequest.Method.get
    let path = "/readyz"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        do {
            try await blocking { try corpus.checkReadiness() }
        } catch StoreError.removed {
            throw Problem.storeRemoved
        }
        return try Response(json: ["status": "ready"])
    }
}
