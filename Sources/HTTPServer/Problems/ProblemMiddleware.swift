internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import Logging
internal import NIOCore
internal import WireAPI

/// Turns each error of a request into a problem document.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    let routes: RouteList

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return Response(problem)
        } catch let error as HTTPError where error.status == .notFound {
            return withoutRoute(request)
        } catch let rejection as SearchQueue.Rejection {
            return Response(Problem(rejection))
        } catch is CancellationError {
            return Response(.stopping)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "reason": "\(error)"])
            return Response(.internalError)
        }
    }

    /// The response to a request that matches no route: the path is unknown, or the method is wrong.
    private func withoutRoute(_ request: Request) -> Response {
        let allowed = routes.methods(for: request.uri.path)
        guard !allowed.isEmpty else { return Response(.unknownPath(request.uri.path)) }
        let names = allowed.map(\.rawValue).joined(separator: ", ")
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
    }
}
