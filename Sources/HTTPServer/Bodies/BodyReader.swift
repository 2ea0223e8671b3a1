internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import WireAPI

/// Reads the bodies of requests, within the limit for one body and the limit for all bodies together.
struct BodyReader: Sendable {
    private let budget: MemoryBudget

    /// - Parameter budget: limits the memory of all bodies together.
    init(budget: MemoryBudget = MemoryBudget(RequestLimits.allBodyBytes, free: RequestLimits.freeBodyBytes)) {
        self.budget = budget
    }

    /// Reads the whole body of a request and gives it to `use`; its memory stays reserved until that returns.
    ///
    /// - Throws: ``Problem`` for a body that is too large or incomplete, ``Problem/overloaded``, and the errors of
    ///   `use`.
    func withBody<R>(of request: Request, _ use: (ByteBuffer) async throws -> R) async throws -> R {
        let reservation = budget.reservation()
        let body = try await read(request, reservation)
        let result = try await use(body)
        return withExtendedLifetime(reservation) { result }
    }

    private func read(_ request: Request, _ reservation: MemoryBudget.Reservation) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > RequestLimits.bodyBytes {
            throw Problem.bodyTooLarge
        }
        let weight = request.mediaType == .json ? RequestLimits.jsonWeight : 1
        var body = ByteBuffer()
        do {
            for try await var part in request.body {
                let count = body.readableBytes + part.readableBytes
                guard count <= RequestLimits.bodyBytes else { throw Problem.bodyTooLarge }
                try reservation.grow(to: count * weight)
                body.writeBuffer(&part)
            }
        } catch let error where !(error is Problem || error is CancellationError) {
            // The client disconnected or sent chunks that do not follow HTTP/1.1.
            throw Problem.incompleteBody
        }
        return body
    }
}
