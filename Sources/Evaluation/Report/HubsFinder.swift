package import IncrementalBias
internal import ShardFormats
package import WireAPI

/// Finds the images that appear most among the first images of queries, and those with suspicious biases.
package struct HubsFinder: Sendable {
    private let corpus: Corpus
    private let alpha: Float

    /// The values of `limit`.
    private static let limits = 1...1000
    /// The values of `sample`.
    private static let samples = 1...10_000
    private static let defaultLimit = 20
    private static let defaultSample = 1000
    /// The number of references that are listed for an image.
    private static let listedReferences = 5
    /// The robust z-score above which a mean is suspicious (Iglewicz and Hoaglin, 1993).
    private static let suspiciousZ = 3.5
    /// The number of first images of a query that count.
    private static let top = 10

    /// - Parameter alpha: the alpha of the daemon's searches.
    package init(_ corpus: Corpus, alpha: Float) {
        self.corpus = corpus
        self.alpha = alpha
    }

    /// Finds hubs; see `docs/evaluation.md`.
    ///
    /// - Parameters:
    ///   - request: how many images to list, and how many references to take as queries.
    ///   - queries: the queries to count; `nil` for a sample of references.
    ///   - isCancelled: called several times a second; `true` ends the computation.
    ///   - progress: see ``Evaluator/Progress``.
    /// - Throws: ``EvaluationError``; `CancellationError`; `LMDBError` or `StoreError` if the store can't be read.
    package func hubs(
        _ request: HubsRequest, queries: SearchBatch?, isCancelled: @escaping @Sendable () -> Bool,
        progress: @escaping Evaluator.Progress
    ) throws -> HubsReport {
        let limit = request.limit ?? Self.defaultLimit
        try Self.check(limit, Self.limits, field: "limit")
        let sample = request.sample ?? Self.defaultSample
        try Self.check(sample, Self.samples, field: "sample")
        let since = try request.since.map { text throws(EvaluationError) in
            guard let since = HubsSince(text) else { throw .notAMoment(text) }
            return since
        }
        return try corpus.withSnapshot(since: since?.moment, isCancelled: isCancelled) { snapshot, _, idOfRow in
            guard snapshot.state.images.count > 0 else { throw EvaluationError.noImages }
            guard snapshot.state.references.count > 0 else { throw EvaluationError.noReferences }
            let vectors = try queries.map { try corpus.checked($0, dimension: snapshot.dimension) }
            progress("hubs", 0)
            return try report(
                snapshot, vectors ?? Self.sample(sample, snapshot), source: vectors == nil ? "references" : "queries",
                limit: limit, since: since, idOfRow: idOfRow, progress: progress)
        }
    }

    private static func check(_ value: Int, _ range: ClosedRange<Int>, field: String) throws(EvaluationError) {
        guard range.contains(value) else { throw .outOfRange(field: field, value: value, range: range) }
    }

    /// The vectors of some references, chosen at random with the seed 0.
    private static func sample(_ count: Int, _ snapshot: CorpusSnapshot) -> [Float] {
        let rows = snapshot.referenceRows
        var generator = SeededGenerator(seed: 0)
        let chosen = generator.shuffled(0..<rows.count).prefix(count).sorted()
        return snapshot.referenceVectors(chosen.map { rows[$0] })
    }

    private func report(
        _ snapshot: CorpusSnapshot, _ vectors: [Float], source: String, limit: Int, since: HubsSince?,
        idOfRow: (VectorRole, UInt32) throws -> String, progress: @escaping Evaluator.Progress
    ) throws -> HubsReport {
        let columns = ImageColumns(ks: [snapshot.state.k])
        let top = try snapshot.topImages(
            queries: vectors, limit: Self.top, columns: columns,
            variants: ScoreVariants([(column: 0, weight: 0), (column: 0, weight: alpha)])
        ) { progress("hubs", $0) }
        let means = try snapshot.values(of: columns) { progress("means", $0) }[0]
        let rows = snapshot.imageRows
        let deviation = RobustDeviation(values: rows.map { means[$0] })
        let before = top.appearances(variant: 0, rows: snapshot.end)
        let after = top.appearances(variant: 1, rows: snapshot.end)
        func images(_ rows: some Sequence<Int>) throws -> [HubsReport.Image] {
            try rows.map { row in
                HubsReport.Image(
                    id: try idOfRow(.images, UInt32(row)), mean: means[row], bias: alpha * means[row],
                    z: deviation.z(of: means[row]), appearancesBefore: Int(before[row]),
                    appearances: Int(after[row]),
                    references: try snapshot.heap(of: UInt32(row)).prefix(Self.listedReferences).map {
                        .init(id: try idOfRow(.references, $0.row), similarity: $0.similarity)
                    })
            }
        }
        // Of equal values the lower row comes first.
        let byMean = rows.sorted { (means[$0], $1) > (means[$1], $0) }
        let byAppearances = rows.filter { before[$0] > 0 }.sorted { (before[$0], $1) > (before[$1], $0) }
        let suspicious = byMean.filter { deviation.z(of: means[$0]) > Self.suspiciousZ }
        let changes = try since.map { since in
            try HubChanges(snapshot: snapshot, alpha: alpha, listedReferences: Self.listedReferences).changes(
                since: since, means: means, rows: rows, limit: limit, idOfRow: idOfRow, progress: progress)
        }
        return HubsReport(
            generation: snapshot.state.generation, queries: top.queries, source: source, k: snapshot.state.k,
            alpha: alpha,
            medianMean: deviation.median, deviation: deviation.deviation, byMean: try images(byMean.prefix(limit)),
            byAppearances: try images(byAppearances.prefix(limit)), suspicious: try images(suspicious.prefix(limit)),
            suspiciousCount: suspicious.count, changes: changes)
    }
}

extension Corpus {
    /// The vectors of the queries of an evaluation, normalised under the cosine metric.
    ///
    /// - Throws: ``EvaluationError``.
    func checked(_ queries: SearchBatch, dimension: Int) throws(EvaluationError) -> [Float] {
        guard queries.count > 0 else { throw .noQueries }
        guard queries.count <= EvaluationOptions.maximumQueries else {
            throw .tooManyQueries(count: queries.count, limit: EvaluationOptions.maximumQueries)
        }
        do throws(RejectedQuery) {
            return try prepareQueries(queries, dimension: dimension)
        } catch {
            throw .query(error)
        }
    }
}
