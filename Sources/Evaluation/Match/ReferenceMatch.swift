package import Foundation
package import IncrementalBias
internal import ShardFormats
internal import VectorMath

/// How well the references match the queries of searches: `docs/evaluation.md`, "Do the references match the traffic?".
package struct ReferenceMatch: Equatable, Sendable {
    /// The generation of the corpus that was measured.
    package let generation: UInt64
    /// The number of queries that were measured.
    package let queries: Int
    /// The median of the queries' largest similarities to a reference.
    package let querySimilarity: Double
    /// The median of the references' largest similarities to another reference.
    package let referenceSimilarity: Double
    /// The share of pairs of a query and a reference of which the query is farther from its nearest reference than the
    /// reference is from its nearest other reference; pairs at equal distances count half.
    ///
    /// 0.5 if queries and references are alike; 1 if every query is farther away than every reference.
    package let farther: Double
    /// The number of references that arrived within ``newReferenceAge``.
    package let newReferences: Int
    /// The share of the top 10 of the queries that would differ without these references; `nil` if the comparison took
    /// too long.
    package let changed: Double?
}

extension ReferenceMatch {
    /// The age in seconds up to which references are new.
    static let newReferenceAge = 3600.0
    /// The number of references that are compared with other references.
    private static let sampledReferences = 512
    /// The number of first images of a query that are compared.
    private static let top = 10

    /// Measures the match in one snapshot of the corpus.
    ///
    /// - Parameters:
    ///   - vectors: queries that searches have answered; those of another dimension than that of the corpus are left out.
    ///   - alpha: the alpha of the daemon's searches.
    ///   - now: the time from which the age of references is computed.
    ///   - isCancelled: called between two pieces of work; `true` ends the measurement.
    ///   - isLate: called between two pieces of work; `true` ends the comparison of the top 10.
    /// - Returns: `nil` if there are no images, no queries, or fewer than two different references.
    /// - Throws: `CancellationError`; `LMDBError` or `StoreError` if the store can't be read.
    package init?(
        _ corpus: Corpus, queries vectors: [[Float]], alpha: Float, now: Date,
        isCancelled: @escaping @Sendable () -> Bool, isLate: @escaping @Sendable () -> Bool
    ) throws {
        let since = ReferenceMoment.time(now.addingTimeInterval(-Self.newReferenceAge))
        let match = try corpus.withSnapshot(since: since, isCancelled: { isCancelled() || isLate() }) {
            snapshot, _, _ -> Self? in
            let vectors = vectors.filter { $0.count == snapshot.dimension }
            guard !vectors.isEmpty, snapshot.state.images.count > 0 else { return nil }
            let batch = SearchBatch(
                vectors: vectors.flatMap(\.self), count: vectors.count, topK: Self.top, alpha: alpha)
            let queries = try corpus.prepareQueries(batch, dimension: snapshot.dimension)
            guard let distances = try Distances(of: queries, in: snapshot, sample: Self.sampledReferences) else {
                return nil
            }
            var changed: Double?
            do {
                changed = try Self.changed(queries, alpha: alpha, snapshot)
            } catch is CancellationError where !isCancelled() {
                // Late: the rest is known.
            }
            return Self(
                generation: snapshot.state.generation, queries: vectors.count,
                querySimilarity: distances.queries.median, referenceSimilarity: distances.references.median,
                farther: distances.farther, newReferences: snapshot.newReferences.count, changed: changed)
        }
        guard let match else { return nil }
        self = match
    }

    /// The share of the queries' first images that are not among the first without the snapshot's new references.
    private static func changed(_ queries: [Float], alpha: Float, _ snapshot: CorpusSnapshot) throws -> Double {
        let new = RowSet(snapshot.newReferences)
        guard !snapshot.newReferences.isEmpty else { return 0 }
        let old = snapshot.referenceRows.filter { !new.contains($0) }
        let k = snapshot.state.k
        let means = try snapshot.means(ks: [k], over: [ReferenceSubset(rows: old, sizes: [old.count])]) { _ in }
        let images = try snapshot.topImages(
            queries: queries, limit: top, columns: ImageColumns(ks: [k], stored: means),
            variants: ScoreVariants([(column: 0, weight: alpha), (column: 1, weight: alpha)])
        ) { _ in }
        var (different, total) = (0, 0)
        for query in 0..<queries.count / snapshot.dimension {
            let now = images.rows(query: query, variant: 0)
            different += Set(now).subtracting(images.rows(query: query, variant: 1)).count
            total += now.count
        }
        return total == 0 ? 0 : Double(different) / Double(total)
    }
}

/// How near queries and references are to their nearest reference; copies of a vector are not its neighbours.
private struct Distances {
    let queries: Quantiles
    let references: Quantiles
    /// See ``ReferenceMatch/farther``.
    let farther: Double

    /// - Parameter sample: the number of references to compare with others, chosen at random with the seed 0.
    init?(of queries: [Float], in snapshot: CorpusSnapshot, sample: Int) throws {
        let rows = snapshot.referenceRows
        var generator = SeededGenerator(seed: 0)
        let chosen = generator.shuffled(0..<rows.count).prefix(sample).map { rows[$0] }
        func similarities(_ vectors: [Float]) throws -> [Float] {
            guard !vectors.isEmpty else { return [] }
            return try snapshot.largestSimilarities(
                of: vectors, excluding: nil, among: rows, excludingCopies: true
            ) { _ in }.filter { $0 > -.infinity }
        }
        let ofQueries = try similarities(queries)
        let ofReferences = try similarities(snapshot.referenceVectors(chosen))
        guard !ofQueries.isEmpty, !ofReferences.isEmpty else { return nil }
        self.queries = Quantiles(values: ofQueries)
        references = Quantiles(values: ofReferences)
        farther = Self.shareBelow(ofQueries, ofReferences)
    }

    /// The share of pairs whose first value is below the second; equal ones count half.
    ///
    /// It is the statistic of Mann and Whitney, divided by the number of pairs.
    private static func shareBelow(_ first: [Float], _ second: [Float]) -> Double {
        let sorted = second.sorted()
        let pairs = first.reduce(0.0) { sum, value in
            let (lower, upper) = (place(of: value, in: sorted), place(of: value.nextUp, in: sorted))
            return sum + Double(sorted.count - upper) + Double(upper - lower) / 2
        }
        return pairs / Double(first.count * second.count)
    }

    /// The number of values below `value`.
    private static func place(of value: Float, in sorted: [Float]) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
