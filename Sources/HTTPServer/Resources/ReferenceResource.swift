internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import ShardFormats
internal import WireAPI

/// `GET /v1/references/{id}`: the vector of a reference.
struct ReferenceResource: Resource {
    let corpus: Corpus

    let method = HTTPRequest.Method.get
    let path = "/v1/references/{id}"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        let id = try context.id()
        guard let reference = try await blocking({ try corpus.reference(id) }) else {
            throw Problem.unknownID(.references, id)
        }
        return try Response(json: ReferenceReport(id: id, generation: reference.generation, vector: reference.vector))
    }
}
