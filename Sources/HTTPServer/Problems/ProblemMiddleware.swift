internal import Evaluation
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import Logging
internal import NIOCore
internal import WireAPI

/// Turns each error of a request into a problem document, and answers OPTIONS.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = APIContext

    let routes: RouteList

    func handle(
        _ request: Request, context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return Response(problem)
        } catch let error as HTTPError where error.status == .notFound {
            return withoutRoute(request)
        } catch let rejection as SearchQueue.Rejection {
            return Response(Problem(rejection))
        } catch let error as EvaluationError {
            return Response(Problem(error))
        } catch is CancellationError {
            return Response(.stopping)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "reason": "\(error)"])
            return Response(.internalError)
        }
    }

    /// The response to a request that no route takes: OPTIONS, an unknown path or a wrong method.
    private func withoutRoute(_ request: Request) -> Response {
        let isOptions = request.method == .options
        let isForAll = isOptions && request.head.path == "*"
        let allowed = isForAll ? routes.allMethods : routes.methods(for: request.uri.path)
        guard !allowed.isEmpty else { return Response(.unknownPath(request.uri.path)) }
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        if isOptions { return Response(status: .noContent, headers: [.allow: names]) }
        var response = Response(.wrongMethod(request.method.rawValue, allowed: names))
        response.headers[.allow] = names
        return response
    }
}

extension Response {
    /// A response with a problem document.
    init(_ problem: Problem) {
        // The document has only texts and a status, which JSON can always represent.
        let body = (try? WireJSON.encode(problem)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
        self.init(
            status: .init(code: problem.status),
            headers: [.contentType: Problem.mediaType, .contentLength: String(body.readableBytes)],
            body: ResponseBody(byteBuffer: body))
        if problem.isUnsupportedEncoding { headers[.acceptEncoding] = "gzip" }
    }
}
