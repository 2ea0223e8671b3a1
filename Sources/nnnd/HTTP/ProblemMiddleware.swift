import HTTPTypes
import Hummingbird
import IncrementalBias
import Logging
import NIOCore
import Wire

/// Turns every error into a problem document.
struct ProblemMiddleware: RouterMiddleware {
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
            return unknown(request)
        } catch let refusal as SearchQueue.Refusal {
            return Response(Problem(refusal))
        } catch is CancellationError {
            return Response(.stopping)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "reason": "\(error)"])
            return Response(.internalError)
        }
    }

    /// No route took it: the path is unknown, or the method is wrong.
    private func unknown(_ request: Request) -> Response {
        let allowed = routes.methods(for: request.uri.path)
        guard !allowed.isEmpty else { return Response(.unknownPath(request.uri.path)) }
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        var response = Response(.wrongMethod(request.method.rawValue, allowed: names))
        response.headers[.allow] = names
        return response
    }
}

extension Response {
    /// A problem document.
    init(_ problem: Problem) {
        self.init(status: .init(code: problem.status), json: problem, mediaType: Problem.mediaType)
    }

    /// A JSON document.
    init(status: HTTPResponse.Status = .ok, json: some Encodable, mediaType: String = "application/json") {
        guard let body = try? WireJSON.encode(json) else {
            // A number that JSON has no form for: something in the store is not as it must be.
            self.init(.internalError)
            return
        }
        self.init(status: status, body: ByteBuffer(bytes: body), mediaType: mediaType)
    }

    /// A document.
    init(status: HTTPResponse.Status, body: ByteBuffer, mediaType: String) {
        self.init(
            status: status,
            headers: [.contentType: mediaType, .contentLength: String(body.readableBytes)],
            body: ResponseBody(byteBuffer: body))
    }

    /// A document that may be large: it is sent in slices, each when the one before has been taken, and keeps `share`
    /// until then.
    init(body: ByteBuffer, mediaType: String, holding share: Allowance.Share) {
        let sliceBytes = 256 << 10
        self.init(
            status: .ok,
            headers: [.contentType: mediaType, .contentLength: String(body.readableBytes)],
            body: ResponseBody(contentLength: body.readableBytes) { writer in
                var rest = body
                while rest.readableBytes > 0, let slice = rest.readSlice(length: min(rest.readableBytes, sliceBytes)) {
                    try await writer.write(slice)
                }
                try await writer.finish(nil)
                withExtendedLifetime(share) {}
            })
    }
}
