internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import ShardFormats
internal import WireAPI

/// What the body and the query string of a search ask for; the body is JSON or an .npy file.
///
/// `top_k`, `alpha`, `min_score`, `recall`, `rescore`, `probes` and `sample` stand in the query string, or in the JSON,
/// whose values take precedence.
struct SearchBody {
    /// Where the vectors of the queries come from.
    enum Queries {
        /// The request has the vectors.
        case vectors([[Float]])
        /// The stored vectors of the images, or of the references, with these ids.
        case stored(VectorRole, [String])
    }

    let queries: Queries
    let topK: Int
    let alpha: Float
    let minScore: Float?
    /// The recall of the answers; `nil` for exact ones.
    let recall: Double?
    /// The number of rows to score exactly for each query of an approximate search; `nil` for a calibrated number.
    let rescore: Int?
    /// The number of cells to read for each query of an approximate search; `nil` for a calibrated number.
    let probes: Int?
    /// Whether the queries can become references; stored vectors are no queries of users.
    let canBeSampled: Bool

    private static let defaultTopK = 10

    /// Reads and checks the body.
    ///
    /// The search itself checks the dimension.
    ///
    /// - Parameters:
    ///   - defaultAlpha: the alpha of a request that has none.
    ///   - defaultRecall: the recall of a request that has none.
    ///   - v2Elements: how queries of the type V2 in an .npy file are read.
    /// - Throws: `Problem`.
    init(
        _ body: ByteBuffer, request: Request, defaultAlpha: Float, defaultRecall: Double, v2Elements: V2Elements
    ) throws {
        var topK: Int? = try Self.parameter("top_k", request)
        var alpha: Float? = try Self.parameter("alpha", request)
        var minScore: Float? = try Self.parameter("min_score", request)
        var recall: Double? = try Self.parameter("recall", request)
        var rescore: Int? = try Self.parameter("rescore", request)
        var probes: Int? = try Self.parameter("probes", request)
        var sample = try request.flag("sample")
        // Wrong values in the query string are an error even if the JSON replaces them.
        try Self.check(topK: topK, alpha: alpha, minScore: minScore, recall: recall)
        switch request.mediaType {
        case .json:
            let parsed = try Self.json(body)
            queries =
                parsed.imageIDs.map { .stored(.images, $0) } ?? parsed.referenceIDs.map { .stored(.references, $0) }
                ?? .vectors(parsed.queries)
            topK = parsed.topK ?? topK
            alpha = parsed.alpha ?? alpha
            minScore = parsed.minScore ?? minScore
            recall = parsed.recall ?? recall
            rescore = parsed.rescore ?? rescore
            probes = parsed.probes ?? probes
            sample = parsed.sample ?? sample
            try Self.check(topK: topK, alpha: alpha, minScore: minScore, recall: recall)
        case .npy: queries = .vectors(try Self.npy(body, v2Elements))
        case .other(let name): throw Problem.unsupportedMediaType(name)
        }
        (self.topK, self.alpha, self.minScore) = (topK ?? Self.defaultTopK, alpha ?? defaultAlpha, minScore)
        let share = recall ?? defaultRecall
        self.recall = share < 1 ? share : nil
        (self.rescore, self.probes) = (rescore, probes)
        try Self.check(rescore: rescore, topK: self.topK, recall: self.recall)
        try Self.check(probes: probes, rescore: rescore)
        if case .vectors = queries { canBeSampled = sample ?? true } else { canBeSampled = false }
        guard count <= RequestLimits.queries else { throw Problem.tooManyQueries(count) }
    }

    /// The number of queries.
    var count: Int {
        switch queries {
        case .vectors(let vectors): vectors.count
        case .stored(_, let ids): ids.count
        }
    }

    /// Which of the images that are found become hits.
    var filter: HitFilter {
        guard case .stored(.images, let ids) = queries else { return HitFilter(topK: topK, minScore: minScore) }
        return HitFilter(topK: topK, minScore: minScore, excluded: ids)
    }

    private static func check(topK: Int?, alpha: Float?, minScore: Float?, recall: Double?) throws(Problem) {
        if let topK, !RequestLimits.imageCounts.contains(topK) {
            let limit = RequestLimits.imageCounts.upperBound
            throw .badRequest("bad_top_k", "'top_k' is \(topK); it must be from 1 to \(limit).")
        }
        if let alpha, !RequestLimits.alpha.contains(alpha) {
            throw .badRequest("bad_alpha", "'alpha' is \(alpha); it must be from 0 to 1000.")
        }
        if let minScore, !minScore.isFinite {
            throw .badRequest("bad_min_score", "'min_score' is \(minScore); it must be a finite number.")
        }
        if let recall, !RequestLimits.recall.contains(recall) {
            throw .badRequest("bad_recall", "'recall' is \(recall); it must be from 0.5 to 1, which is exact.")
        }
    }

    private static func check(rescore: Int?, topK: Int, recall: Double?) throws(Problem) {
        guard let rescore else { return }
        guard recall != nil else {
            throw .badRequest("bad_rescore", "'rescore' needs a 'recall' below 1; exact searches need no such number.")
        }
        let largest = RequestLimits.rescoredRows
        guard topK <= rescore, rescore <= largest else {
            throw .badRequest(
                "bad_rescore", "'rescore' is \(rescore); it must be from 'top_k', \(topK), to \(largest).")
        }
    }

    private static func check(probes: Int?, rescore: Int?) throws(Problem) {
        guard let probes else { return }
        guard rescore != nil else {
            throw .badRequest("bad_probes", "'probes' needs 'rescore'; a calibration chooses both together.")
        }
        guard RequestLimits.probedCells.contains(probes) else {
            let largest = RequestLimits.probedCells.upperBound
            throw .badRequest("bad_probes", "'probes' is \(probes); it must be from 1 to \(largest).")
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
