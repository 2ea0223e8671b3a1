internal import HTTPTypes
internal import Hummingbird
internal import NIOPosix
internal import WireAPI

/// A path of the API with its method, and what is needed to answer requests to it.
protocol Resource: Sendable {
    var method: HTTPRequest.Method { get }
    /// The path; `{id}` in it is a parameter.
    var path: String { get }

    /// The response to a request.
    ///
    /// - Throws: `Problem` for a request that can't be answered; other errors become one in ``ProblemMiddleware``.
    func respond(to request: Request, context: APIContext) async throws -> Response
}

extension Resource {
    /// Runs `body`, which reads the store, on a thread that can block.
    func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await NIOThreadPool.singleton.runIfActive(body)
    }
}

extension Request {
    /// Checks that the query string has no parameters but `known`.
    ///
    /// - Throws: `Problem`: a parameter that is ignored is often a mistyped one.
    func checkParameters(_ known: String...) throws(Problem) {
        let unknown = Set(uri.queryParameters.map { String($0.key) }).subtracting(known)
        if !unknown.isEmpty { throw .unknownParameters(unknown.sorted(), known: known) }
    }

    /// The value of a parameter that is `true` or `false`; `nil` if the query string doesn't have it.
    ///
    /// - Throws: `Problem` for another value.
    func flag(_ name: String) throws(Problem) -> Bool? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let value = Bool(String(text)) else {
            throw .badRequest("bad_\(name)", "'\(name)' is '\(text)'; it must be true or false.")
        }
        return value
    }
}
