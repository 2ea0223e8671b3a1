internal import VectorMath

/// Finds the nearest centroids of vectors, those with the largest products, on the threads of a pool.
///
/// Faiss selects them (``ExhaustiveSearch``).
struct NearestCentroids {
    /// The centroids, count x dimension.
    let centroids: [Float]
    let dimension: Int
    let pool: WorkerPool

    /// The number of vectors that a thread compares at a time.
    private static let vectorsPerPiece = 256
    /// The number of vectors in one run of the pool, between which the pool can do other work.
    private static let vectorsPerRun = 4096

    /// Finds the nearest centroids of each vector.
    ///
    /// - Parameters:
    ///   - vectors: vectors, count x dimension.
    ///   - limit: the number of centroids to find.
    ///   - body: makes the result for a vector, given its index and the found centroids with their products, nearest
    ///     first. Several threads call it.
    /// - Returns: the results in the order of the vectors.
    /// - Throws: `FaissFailure`, or `CancellationError`.
    func map<Result: Sendable>(
        _ vectors: [Float], limit: Int, _ body: @Sendable (Int, ArraySlice<UInt32>, ArraySlice<Float>) -> Result
    ) throws -> [Result] {
        let count = vectors.count / dimension
        var results: [Result] = []
        results.reserveCapacity(count)
        for start in stride(from: 0, to: count, by: Self.vectorsPerRun) {
            let run = start..<min(start + Self.vectorsPerRun, count)
            let pieces = (run.count + Self.vectorsPerPiece - 1) / Self.vectorsPerPiece
            let found = try pool.run(count: pieces) {
                Worker<Result>(
                    search: try ExhaustiveSearch(queries: Self.vectorsPerPiece, capacity: limit), limit: limit)
            } body: { worker, piece in
                let first = run.lowerBound + piece * Self.vectorsPerPiece
                let range = first..<min(first + Self.vectorsPerPiece, run.upperBound)
                worker.search.begin(queries: range.count)
                try worker.search.add(
                    vectors.span.extracting(range.lowerBound * dimension..<range.upperBound * dimension),
                    vectors: centroids.span, dimension: dimension, firstRow: 0)
                let results = range.map { index in
                    let count = worker.search.result(
                        query: index - first, products: &worker.products, rows: &worker.rows)
                    return body(index, worker.rows[..<count], worker.products[..<count])
                }
                worker.results.append((piece, results))
            }
            for (_, part) in found.flatMap(\.results).sorted(by: { $0.piece < $1.piece }) { results += part }
        }
        return results
    }

    private struct Worker<Result> {
        let search: ExhaustiveSearch
        var products: [Float]
        var rows: [UInt32]
        var results: [(piece: Int, values: [Result])] = []

        init(search: ExhaustiveSearch, limit: Int) {
            self.search = search
            products = Array(repeating: 0, count: limit)
            rows = Array(repeating: 0, count: limit)
        }
    }
}
