internal import LMDB
internal import VectorMath

/// The second step of a scan: exact scores of the rows that bounds could not exclude.
struct ExactRescorer {
    let queries: [Float]
    let alphas: [Float]
    /// The images' means, all blocks.
    let means: MappedValues
    let layout: StoreLayout
    let vectors: VectorTable
    /// Image rows ever used.
    let end: Int
    let pool: WorkerPool

    /// Fewer rows than this are decided faster by one thread than dealt out.
    private static let rowsWorthDealing = 512

    /// Offers every row that can be among a query's best to its `tops`, with its exact score.
    ///
    /// - Parameter found: for each thread of the pass, for each query, the rows that it found.
    func decide(_ found: [[[ScoreInterval]]], _ tops: inout [TopRows], in transaction: borrowing ReadTransaction) throws
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
        guard rows.rows.count >= Self.rowsWorthDealing, tops.count > 1 else {
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

    /// Of the rows that the threads found for one query, those that can be among its best, by falling upper bound.
    private func remaining(_ found: [[ScoreInterval]], limit: Int, threshold: Float) -> [ScoreInterval] {
        var lowers = TopNumbers(limit: limit, above: threshold)
        for rows in found { for row in rows { lowers.offer(row.lower) } }
        let threshold = lowers.threshold
        return found.flatMap { $0.filter { $0.upper >= threshold } }.sorted { $0.upper > $1.upper }
    }

    /// - Parameters:
    ///   - rows: by falling upper bound.
    ///   - vectors: theirs, from `first` on.
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
