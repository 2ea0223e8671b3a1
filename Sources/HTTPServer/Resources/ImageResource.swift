internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import ShardFormats
internal import WireAPI

/// `GET /v1/images/{id}`: an image's bias, the references that it comes from, and its vector if it is asked for.
struct ImageResource: Resource {
    let corpus: Corpus
    let settings: @Sendable () -> APISettings

    let method = HTTPRequest.Method.get
    let path = "/v1/images/{id}"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters("vector")
        let id = try context.id()
        let wantsVector = try request.flag("vector") ?? false
        guard let explanation = try await blocking({ try corpus.explainImage(id, readsVector: wantsVector) }) else {
            throw Problem.unknownID(.images, id)
        }
        let alpha = settings().alpha
        return try Response(
            json: ImageReport(
                id: explanation.id, generation: explanation.generation, bias: alpha * explanation.mean, alpha: alpha,
                mean: explanation.mean, used: explanation.used,
                references: explanation.references.map { .init(id: $0.id, similarity: $0.similarity) },
                vector: explanation.vector))
    }
}
