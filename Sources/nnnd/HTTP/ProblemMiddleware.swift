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
        // There is nothing but text and a status in it, which JSON has forms for.
        let body = (try? WireJSON.encode(problem)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
        self.init(status: .init(code: problem.status), body: body, mediaType: Problem.mediaType)
    }

    /// A JSON document.
    ///
    /// - Throws: `EncodingError` for a number that JSON has no form for: something in the store is not as it must be.
    init(json: some Encodable) throws {
        self.init(status: .ok, body: ByteBuffer(bytes: try WireJSON.encode(json)), mediaType: "application/json")
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
