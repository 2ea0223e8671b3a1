internal import LMDB
internal import VectorMath

/// The second step of a scan: computes exact scores of the rows that bounds could not exclude.
struct ExactRescorer {
    let queries: [Float]
    let alphas: [Float]
    /// The blocks of the images' means, all of them.
    let means: MappedValues
    let layout: StoreLayout
    let vectors: VectorTable
    /// Image rows ever used.
    let end: Int
    let pool: WorkerPool

    /// With fewer rows than this, one thread is faster than the pool.
    private static let minimumRowsForPool = 512

    /// Offers every row that can be among a query's best to the query's `tops`, with its exact score.
    ///
    /// - Parameters:
    ///   - found: for each thread of the pass and each query, the rows that the bounds left.
    ///   - tops: the best rows of each query so far.
    func rescore(_ found: [[[ScoreInterval]]], _ tops: inout [TopRows], in transaction: borrowing ReadTransaction)
        throws
    {
        let undecided = tops.indices.map { query in
            remaining(found.map { $0[query] }, limit: tops[query].limit, threshold: tops[query].threshold)
        }
        var starts = [0]
        for rows in undecided { starts.append(starts[starts.count - 1] + rows.count) }
        let rows = try vectors.mapped(undecided.flatMap { $0.map(\.row) }, end: end, in: transaction)
        let (before, firsts) = (tops, starts)
        let piece = { @Sendable (query: Int, scratch: FloatScratch) -> TopRows in
            score(undecided[query], vectors: rows, first: firsts[query], query: query, before[query], scratch)
        }
        guard rows.rows.count >= Self.minimumRowsForPool, tops.count > 1 else {
            let scratch = FloatScratch()
            for query in tops.indices { tops[query] = piece(query, scratch) }
            return
        }
        let workers = try pool.run(count: tops.count) {
            (scratch: FloatScratch(), tops: [(query: Int, top: TopRows)]())
        } body: { worker, query in
            worker.tops.append((query, piece(query, worker.scratch)))
        }
        for (query, top) in workers.flatMap(\.tops) { tops[query] = top }
    }

    /// The rows that can be among the best of one query, by falling upper bound.
    ///
    /// - Parameter found: for each thread the rows that the bounds left.
    private func remaining(_ found: [[ScoreInterval]], limit: Int, threshold: Float) -> [ScoreInterval] {
        var lowers = TopNumbers(limit: limit, above: threshold)
        for rows in found { for row in rows { lowers.offer(row.lower) } }
        let threshold = lowers.threshold
        return found.flatMap { $0.filter { $0.upper >= threshold } }.sorted { $0.upper > $1.upper }
    }

    /// Computes exact scores for one query, until no upper bound reaches the worst of the best rows.
    ///
    /// - Parameters:
    ///   - rows: the rows to score, by falling upper bound.
    ///   - vectors: mapped vectors that include those of `rows`, from index `first` on.
    ///   - before: the best rows so far.
    /// - Returns: the best rows.
    private func score(
        _ rows: [ScoreInterval], vectors: MappedRows, first: Int, query: Int, _ before: TopRows, _ scratch: FloatScratch
    ) -> TopRows {
        var top = before
        let own = query * layout.dimension..<(query + 1) * layout.dimension
        for (index, bound) in rows.enumerated() {
            guard bound.upper >= top.threshold else { break }
            let similarity = vectors.withVector(at: first + index, scratch: scratch) { vector in
                Kernels.product(vector, queries.span.extracting(own))
            }
            let mean = mean(of: Int(bound.row))
            top.offer(
                Candidate(score: similarity - alphas[query] * mean, similarity: similarity, row: bound.row))
        }
        return top
    }

    private func mean(of row: Int) -> Float {
        let (block, slot) = row.quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        return means.value(at: block) { bytes in NumberView.withFloats(bytes) { $0[slot] } }
    }
}
