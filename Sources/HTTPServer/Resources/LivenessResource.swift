internal import HTTPTypes
internal import Hummingbird

/// `GET /healthz`: the daemon serves requests.
struct LivenessResource: Resource {
    let method = HTTPRequest.Method.get
    let path = "/healthz"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try Response(json: ["status": "alive"])
    }
}
