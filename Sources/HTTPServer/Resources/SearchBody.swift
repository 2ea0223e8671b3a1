internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import ShardFormats
internal import WireAPI

/// The queries in the body of a search, JSON or an .npy file.
///
/// `top_k` and `alpha` stand in the query string, or in the JSON, whose values take precedence.
struct SearchBody {
    let batch: SearchBatch

    private static let defaultTopK = 10

    /// Reads and checks the body.
    ///
    /// The search itself checks the dimension.
    ///
    /// - Parameters:
    ///   - defaultAlpha: the alpha of a request that has none.
    ///   - v2Elements: how queries of the type V2 in an .npy file are read.
    /// - Throws: `Problem`.
    init(_ body: ByteBuffer, request: Request, defaultAlpha: Float, v2Elements: V2Elements) throws {
        let vectors: [[Float]]
        var topK: Int? = try Self.parameter("top_k", request)
        var alpha: Float? = try Self.parameter("alpha", request)
        try Self.check(topK: topK, alpha: alpha)
        switch request.mediaType {
        case .json:
            let parsed = try Self.json(body)
            vectors = parsed.queries
            topK = parsed.topK ?? topK
            alpha = parsed.alpha ?? alpha
            try Self.check(topK: topK, alpha: alpha)
        case .npy: vectors = try Self.npy(body, v2Elements)
        case .other(let name): throw Problem.unsupportedMediaType(name)
        }
        try self.init(vectors, topK: topK ?? Self.defaultTopK, alpha: alpha ?? defaultAlpha)
    }

    private init(_ vectors: [[Float]], topK: Int, alpha: Float) throws {
        guard vectors.count <= RequestLimits.queries else {
            throw Problem.badRequest(
                "too_many_queries",
                "There are \(vectors.count) queries; one request can have \(RequestLimits.queries).")
        }
        do throws(RejectedQuery) {
            batch = try SearchBatch(queries: vectors, topK: topK, alpha: alpha)
        } catch {
            throw Problem(.query(error.index, error.reason))
        }
    }

    private static func check(topK: Int?, alpha: Float?) throws(Problem) {
        if let topK, !RequestLimits.imageCounts.contains(topK) {
            let limit = RequestLimits.imageCounts.upperBound
            throw .badRequest("bad_top_k", "'top_k' is \(topK); it must be from 1 to \(limit).")
        }
        if let alpha, !RequestLimits.alpha.contains(alpha) {
            throw .badRequest("bad_alpha", "'alpha' is \(alpha); it must be from 0 to 1000.")
        }
    }

    private static func json(_ body: ByteBuffer) throws -> SearchRequest {
        let bytes = Array(buffer: body)
        do {
            return try SearchRequest(json: bytes)
        } catch {
            throw Problem.badJSON(error, bytes)
        }
    }

    private static func npy(_ body: ByteBuffer, _ v2Elements: V2Elements) throws -> [[Float]] {
        do throws(ShardError) {
            let matrix = try NPY.read(
                Array(buffer: body), maximumBytes: RequestLimits.bodyBytes, v2Elements: v2Elements)
            return (0..<matrix.rows).map { row in
                Array(matrix.values[row * matrix.dimension..<(row + 1) * matrix.dimension])
            }
        } catch {
            throw Problem.badNPY(error)
        }
    }

    private static func parameter<Value: LosslessStringConvertible>(_ name: String, _ request: Request) throws -> Value?
    {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let value = Value(String(text)) else {
            throw Problem.badRequest("bad_\(name)", "'\(name)' is '\(text)'; it must be a number.")
        }
        return value
    }
}
