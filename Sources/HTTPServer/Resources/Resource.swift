internal import HTTPTypes
internal import Hummingbird
internal import NIOPosix

/// A path of the API with its method, and what is needed to answer requests to it.
protocol Resource: Sendable {
    var method: HTTPRequest.Method { get }
    /// The path; `{id}` in it is a parameter.
    var path: String { get }

    /// The response to a request.
    ///
    /// - Throws: `Problem` for a request that can't be answered; other errors become one in ``ProblemMiddleware``.
    func respond(to request: Request, context: BasicRequestContext) async throws -> Response
}

extension Resource {
    /// Runs `body`, which reads the store, on a thread that can block.
    func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}
