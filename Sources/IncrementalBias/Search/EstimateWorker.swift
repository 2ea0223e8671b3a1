internal import VectorMath

/// One thread's part of the pass over the sign codes: keeps for each query the rows with the highest estimates.
struct EstimateWorker {
    private let layout: StoreLayout
    private let estimateQueries: EstimateQueries
    /// The queries coded for blocks of one version; nearly all blocks have the same.
    private var queries: (version: UInt32, codes: SignQueries)?
    /// For each query of one step the rows of one block whose estimates exceed its threshold.
    private var found: Candidates
    /// For each query its rows; their scores are estimates.
    private var best: [TopRows]
    /// For each step and each of its queries the threshold of `best`.
    private var thresholds: [[Float]]

    /// The number of queries that are compared with a block at a time; it limits the memory for candidates.
    private static let queriesPerStep = 96

    /// - Parameters:
    ///   - counts: for each query the number of rows to keep.
    init(layout: StoreLayout, estimateQueries: EstimateQueries, counts: [Int]) {
        self.layout = layout
        self.estimateQueries = estimateQueries
        found = Candidates(
            lists: min(Self.queriesPerStep, counts.count), capacity: layout.rowsPerBlock, layout: layout.codes)
        best = counts.map(TopRows.init(limit:))
        thresholds = stride(from: 0, to: counts.count, by: Self.queriesPerStep).map { start in
            Array(repeating: -.infinity, count: min(Self.queriesPerStep, counts.count - start))
        }
    }

    /// For each query the rows with the highest estimates of the blocks so far, in no order.
    var rows: [[ScoredRow]] { best.map(\.rows) }

    /// Estimates the scores of one block.
    ///
    /// - Parameters:
    ///   - signs: the block of sign codes.
    ///   - means: the block of means, one float for each row.
    ///   - firstRow: the row at the first position of the block.
    /// - Throws: ``StoreError/damaged(_:)`` if the sign codes' basis is unknown.
    mutating func scan(signs: RawSpan, means: RawSpan, firstRow: UInt32) throws {
        let version = layout.codes.version(of: signs)
        if queries?.version != version { queries = (version, try estimateQueries.queries(for: signs)) }
        guard let queries = queries?.codes else { return }
        NumberView.withFloats(means) { means in
            for step in thresholds.indices {
                let first = step * Self.queriesPerStep
                found.removeAll()
                let added = queries.scan(
                    signs, queries: first..<first + thresholds[step].count, means: means, thresholds: thresholds[step],
                    firstRow: firstRow, into: &found)
                guard added > 0 else { continue }
                for list in thresholds[step].indices where found[countOf: list] > 0 { keep(list, first + list, step) }
            }
        }
    }

    /// Keeps the rows of a list in `found` that are among the best of a query.
    private mutating func keep(_ list: Int, _ query: Int, _ step: Int) {
        for position in found.positions(of: list) {
            let (row, estimate, _) = found.intervals[position]
            guard estimate > best[query].threshold else { continue }
            best[query].offer(ScoredRow(score: estimate, similarity: estimate, row: UInt32(row)))
        }
        thresholds[step][list] = best[query].threshold
    }
}
