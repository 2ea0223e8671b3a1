package import HTTPTypes
package import Hummingbird
internal import IncrementalBias
internal import Logging
package import NIOCore
package import WireAPI

/// Turns every error into a problem document.
package struct ProblemMiddleware: RouterMiddleware {
    package let routes: RouteList

    package func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return Response(problem)
        } catch let error as HTTPError where error.status == .notFound {
            return unknown(request)
        } catch let rejection as SearchQueue.Rejection {
            return Response(Problem(rejection))
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
    package init(_ problem: Problem) {
        // There is nothing but text and a status in it, which JSON has forms for.
        let body = (try? WireJSON.encode(problem)).map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
        self.init(status: .init(code: problem.status), body: body, mediaType: Problem.mediaType)
    }

    /// A JSON document.
    ///
    /// - Throws: `EncodingError` for a number that JSON has no form for: something in the store is not as it must be.
    package init(json: some Encodable) throws {
        self.init(status: .ok, body: ByteBuffer(bytes: try WireJSON.encode(json)), mediaType: "application/json")
    }

    /// A document.
    package init(status: HTTPResponse.Status, body: ByteBuffer, mediaType: String) {
        self.init(
            status: status,
            headers: [.contentType: mediaType, .contentLength: String(body.readableBytes)],
            body: ResponseBody(byteBuffer: body))
    }

    /// A document that may be large: it is sent in slices, each when the one before has been taken, and keeps `reservation`
    /// until then.
    package init(body: ByteBuffer, mediaType: String, holding reservation: MemoryBudget.Reservation) {
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
                withExtendedLifetime(reservation) {}
            })
    }
}
