internal import LMDB
internal import VectorMath

/// The second step of a scan: computes exact scores of the candidates.
struct ExactRescorer {
    /// The vectors of the queries, queries x dimension.
    let queries: [Float]
    /// For each query its alpha.
    let alphas: [Float]
    /// All blocks of the images' means.
    let means: MappedValues
    let layout: StoreLayout
    let vectors: VectorTable
    /// The number of image rows that were ever used.
    let end: Int
    let pool: WorkerPool

    /// For fewer candidates than this, one thread is faster than the pool.
    private static let minimumCandidatesForPool = 512

    /// Adds each candidate that can be among the best to `best`, with its exact score.
    ///
    /// - Parameters:
    ///   - candidates: for each worker of the pass and each query its candidates.
    ///   - best: for each query the best images so far.
    /// - Returns: the number of exact scores computed.
    func rescore(
        _ candidates: [[[ScoreInterval]]], _ best: inout [TopRows], in transaction: borrowing ReadTransaction
    ) throws -> Int {
        let remaining = best.indices.map { query in
            merge(candidates.map { $0[query] }, limit: best[query].limit, minimum: best[query].threshold)
        }
        // For each query the index of its first candidate in `mapped`.
        var starts = [0]
        for rows in remaining { starts.append(starts[starts.count - 1] + rows.count) }
        let mapped = try vectors.mapped(remaining.flatMap { $0.map(\.row) }, end: end, in: transaction)
        let (bestBefore, firsts) = (best, starts)
        let scoreQuery = { @Sendable (query: Int, scratch: FloatScratch) -> (best: TopRows, count: Int) in
            score(
                remaining[query], vectors: mapped, first: firsts[query], query: query, bestBefore[query], scratch)
        }
        guard mapped.rows.count >= Self.minimumCandidatesForPool, best.count > 1 else {
            let scratch = FloatScratch()
            var count = 0
            for query in best.indices {
                let result = scoreQuery(query, scratch)
                best[query] = result.best
                count += result.count
            }
            return count
        }
        let workers = try pool.run(count: best.count) {
            (scratch: FloatScratch(), count: 0, results: [(query: Int, best: TopRows)]())
        } body: { worker, query in
            let result = scoreQuery(query, worker.scratch)
            worker.results.append((query, result.best))
            worker.count += result.count
        }
        for result in workers.flatMap(\.results) { best[result.query] = result.best }
        return workers.reduce(0) { $0 + $1.count }
    }

    /// Merges the candidates of one query, and leaves out those that cannot be among its best.
    ///
    /// - Parameters:
    ///   - candidates: for each worker the candidates of the query.
    ///   - limit: the number of images to find.
    ///   - minimum: the score that an image must reach to be among the best so far.
    /// - Returns: the remaining candidates, by falling upper bound.
    private func merge(_ candidates: [[ScoreInterval]], limit: Int, minimum: Float) -> [ScoreInterval] {
        var lowerBounds = TopNumbers(limit: limit, minimum: minimum)
        for rows in candidates { for row in rows { lowerBounds.offer(row.lower) } }
        let threshold = lowerBounds.threshold
        return candidates.flatMap { $0.filter { $0.upper >= threshold } }.sorted { $0.upper > $1.upper }
    }

    /// Computes exact scores for one query, until no other upper bound reaches the last of the best scores.
    ///
    /// - Parameters:
    ///   - candidates: the candidates of the query, by falling upper bound.
    ///   - vectors: mapped vectors. Those of `candidates` begin at index `first`.
    ///   - best: the best images so far.
    ///   - scratch: working memory of this thread.
    /// - Returns: the best images, and the number of exact scores computed.
    private func score(
        _ candidates: [ScoreInterval], vectors: MappedRows, first: Int, query: Int, _ best: TopRows,
        _ scratch: FloatScratch
    ) -> (best: TopRows, count: Int) {
        var best = best
        var count = 0
        let queryRange = query * layout.dimension..<(query + 1) * layout.dimension
        for (index, candidate) in candidates.enumerated() {
            guard candidate.upper >= best.threshold else { break }
            count += 1
            let similarity = vectors.withVector(at: first + index, scratch: scratch) { vector in
                Kernels.product(vector, queries.span.extracting(queryRange))
            }
            let mean = mean(of: Int(candidate.row))
            best.offer(
                ScoredRow(score: similarity - alphas[query] * mean, similarity: similarity, row: candidate.row))
        }
        return (best, count)
    }

    private func mean(of row: Int) -> Float {
        let (block, slot) = row.quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        return means.value(at: block) { bytes in NumberView.withFloats(bytes) { $0[slot] } }
    }
}
