internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import ShardFormats
internal import WireAPI

/// Reads the bodies of requests, within the limit for one body and the limit for all bodies together.
struct BodyReader: Sendable {
    private let budget: MemoryBudget

    /// - Parameter budget: limits the memory of all bodies together.
    init(budget: MemoryBudget = MemoryBudget(RequestLimits.allBodyBytes, free: RequestLimits.freeBodyBytes)) {
        self.budget = budget
    }

    /// A reservation in the memory of all bodies together, for vectors of the store that take the place of a body.
    func reservation() -> MemoryBudget.Reservation { budget.reservation() }

    /// Reads the whole body of a request and gives it to `use`; its memory stays reserved until that returns.
    ///
    /// A body with the coding gzip is decompressed. What the head alone shows to be wrong is rejected before the first
    /// part is read.
    ///
    /// - Throws: ``Problem`` for a body that is too large, incomplete, damaged or of an unknown coding,
    ///   ``Problem/overloaded``, and the errors of `use`.
    func withBody<R>(of request: Request, _ use: (ByteBuffer) async throws -> R) async throws -> R {
        let coding = request.contentCoding
        if case .other(let name) = coding { throw Problem.unsupportedEncoding(name) }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > RequestLimits.bodyBytes {
            throw Problem.bodyTooLarge
        }
        let reservation = budget.reservation()
        let weight = request.mediaType == .json ? RequestLimits.jsonWeight : 1
        var body = LimitedBody(reservation: reservation, weight: weight)
        try await read(request.body, coding == .gzip ? GzipStream() : nil, into: &body)
        let result = try await use(body.bytes)
        return withExtendedLifetime(reservation) { result }
    }

    /// Reads all parts, and decompresses them with `gzip`.
    private func read(_ parts: RequestBody, _ gzip: GzipStream?, into body: inout LimitedBody) async throws {
        var received = 0
        do {
            for try await part in parts {
                received += part.readableBytes
                guard received <= RequestLimits.bodyBytes else { throw Problem.bodyTooLarge }
                guard let gzip else {
                    try body.append(part)
                    continue
                }
                try gzip.decompress(Array(buffer: part)) { try body.append(ByteBuffer(bytes: $0)) }
            }
        } catch is GzipStream.Damaged {
            throw Problem.badGzip
        } catch let error where !(error is Problem || error is CancellationError) {
            // The client disconnected or sent chunks that do not follow HTTP/1.1.
            throw Problem.incompleteBody
        }
        if let gzip, received > 0, !gzip.isComplete { throw Problem.badGzip }
    }
}

/// The bytes of a body so far.
private struct LimitedBody {
    let reservation: MemoryBudget.Reservation
    /// The memory that is reserved for each byte.
    let weight: Int
    private(set) var bytes = ByteBuffer()

    init(reservation: MemoryBudget.Reservation, weight: Int) {
        self.reservation = reservation
        self.weight = weight
    }

    /// Appends a part.
    ///
    /// - Throws: ``Problem/bodyTooLarge``, ``Problem/overloaded``.
    mutating func append(_ part: ByteBuffer) throws(Problem) {
        let count = bytes.readableBytes + part.readableBytes
        guard count <= RequestLimits.bodyBytes else { throw .bodyTooLarge }
        try reservation.grow(to: count * weight)
        bytes.writeImmutableBuffer(part)
    }
}
