internal import VectorMath

/// Chooses the two cells of vectors.
///
/// The first cell is that of the nearest centroid. The second one is chosen as in SOAR (Sun et al., NeurIPS 2023, arXiv
/// 2404.00774): a query that looks past the first cell, because the image's difference from its centroid points away
/// from the query, shall find the image in the second one. Its difference from the second centroid must therefore be
/// short, and nearly orthogonal to the first difference.
struct CellAssigner {
    let cells: TrainedCells
    let pool: WorkerPool

    /// The number of nearest centroids among which the second one is chosen.
    private static let candidates = 16
    /// The weight of the part of the second difference that is parallel to the first one; lambda in SOAR.
    private static let parallelWeight: Float = 2

    /// Chooses cells.
    ///
    /// - Parameter vectors: count x dimension.
    func pairs(of vectors: [Float]) throws -> [CellPair] {
        try NearestCentroids(centroids: cells.centroids, dimension: cells.space.dimension, pool: pool)
            .map(cells.space.apply(vectors), limit: Self.candidates) { _, cells, products in pair(cells, products) }
    }

    /// - Parameters:
    ///   - cells: the nearest centroids, nearest first.
    ///   - products: their products with the vector.
    private func pair(_ cells: ArraySlice<UInt32>, _ products: ArraySlice<Float>) -> CellPair {
        guard let first = cells.first, let nearest = products.first else { return .none }
        // For a vector x and centroids c, c' of length 1, with r = x - c: |r|^2 = 2 - 2 x.c, and the second difference
        // s = x - c' has r.s = 1 - x.c - x.c' + c.c'.
        let length = max(2 - 2 * nearest, 1e-6)
        var best: (cell: UInt16, loss: Float) = (CellPair.noCell, .infinity)
        for (cell, product) in zip(cells, products).dropFirst() {
            let parallel = 1 - nearest - product + productOfCentroids(first, cell)
            let loss = 2 - 2 * product + Self.parallelWeight * parallel * parallel / length
            if loss < best.loss { best = (UInt16(cell), loss) }
        }
        return CellPair(first: UInt16(first), second: best.cell)
    }

    private func productOfCentroids(_ a: UInt32, _ b: UInt32) -> Float {
        let dimension = cells.space.dimension
        func range(_ cell: UInt32) -> Range<Int> { Int(cell) * dimension..<(Int(cell) + 1) * dimension }
        return Kernels.product(
            cells.centroids.span.extracting(range(a)), cells.centroids.span.extracting(range(b)))
    }
}
