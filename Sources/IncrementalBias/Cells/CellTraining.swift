internal import VectorMath

/// Trains cells: spherical k-means (Dhillon and Modha, Machine Learning 42, 2001) in a ``CellSpace``.
///
/// A vector belongs to the centroid with the largest product. A centroid without vectors becomes a copy of the one with
/// the most vectors, slightly changed, as in Faiss's `Clustering`. That class itself is not used: the parts of Faiss
/// that it needs are linked with OpenMP and LAPACK, and its threads give way to no search.
struct CellTraining {
    let space: CellSpace
    /// The vectors of a sample, count x dimension; at least one.
    let sample: [Float]
    let pool: WorkerPool

    private static let iterations = 8
    /// A centroid that is split becomes two whose components differ from it by this share, up or down.
    private static let splitShare: Float = 1 / 1024

    /// Computes the cells.
    ///
    /// - Parameter count: the number of cells; fewer are made if the sample has fewer vectors.
    /// - Throws: `FaissFailure`, `CancellationError`.
    func run(count: Int) throws -> TrainedCells {
        let dimension = space.dimension
        let vectors = sample.count / dimension
        let count = min(count, vectors)
        let stretched = space.apply(sample)
        // The sample is in the order of the rows, and images of one topic often have neighbouring rows.
        var centroids = (0..<count).flatMap { index in
            let vector = index * vectors / count
            return stretched[vector * dimension..<(vector + 1) * dimension]
        }
        var nearest: [UInt32] = []
        for _ in 0..<Self.iterations {
            nearest = try NearestCentroids(centroids: centroids, dimension: dimension, pool: pool)
                .map(stretched, limit: 1) { _, cells, _ in cells.first ?? 0 }
            centroids = self.centroids(stretched, nearest, count: count)
        }
        let centers = self.centers(nearest, centroids, count: count)
        var cells = TrainedCells(space: space)
        for cell in 0..<count {
            let range = cell * dimension..<(cell + 1) * dimension
            cells.append(centroid: centroids[range], center: centers[range])
        }
        return cells
    }

    /// The sums of the vectors of each cell, and their numbers.
    private func sums(_ vectors: [Float], _ nearest: [UInt32], count: Int) -> (sums: [Float], sizes: [Int]) {
        let dimension = space.dimension
        var sums = [Float](repeating: 0, count: count * dimension)
        var sizes = [Int](repeating: 0, count: count)
        for (vector, cell) in nearest.enumerated() {
            let (from, to) = (vector * dimension, Int(cell) * dimension)
            for index in 0..<dimension { sums[to + index] += vectors[from + index] }
            sizes[Int(cell)] += 1
        }
        return (sums, sizes)
    }

    private func centroids(_ stretched: [Float], _ nearest: [UInt32], count: Int) -> [Float] {
        var (sums, sizes) = sums(stretched, nearest, count: count)
        split(&sums, &sizes)
        SharedRows.with(&sums, dimension: space.dimension) { rows in
            for cell in 0..<count {
                let norm = rows.norm(cell)
                if norm > 0 { rows.normalise(cell, norm: norm) }
            }
        }
        return sums
    }

    /// The means of the vectors of each cell; the centroids of cells without vectors.
    private func centers(_ nearest: [UInt32], _ centroids: [Float], count: Int) -> [Float] {
        let dimension = space.dimension
        var (centers, sizes) = sums(sample, nearest, count: count)
        for cell in 0..<count {
            for index in cell * dimension..<(cell + 1) * dimension {
                centers[index] = sizes[cell] > 0 ? centers[index] / Float(sizes[cell]) : centroids[index]
            }
        }
        return centers
    }

    /// Gives each centroid without vectors half of the vectors of the one with the most.
    private func split(_ sums: inout [Float], _ sizes: inout [Int]) {
        let dimension = space.dimension
        for empty in sizes.indices where sizes[empty] == 0 {
            guard let largest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }), sizes[largest] > 1 else { return }
            for index in 0..<dimension {
                let change = index % 2 == 0 ? Self.splitShare : -Self.splitShare
                let value = sums[largest * dimension + index]
                sums[empty * dimension + index] = value * (1 + change)
                sums[largest * dimension + index] = value * (1 - change)
            }
            sizes[empty] = sizes[largest] / 2
            sizes[largest] -= sizes[empty]
        }
    }
}
