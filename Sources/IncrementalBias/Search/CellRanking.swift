internal import VectorMath

/// Orders the cells for queries: by the score that an image with the mean of its cell would have.
struct CellRanking {
    let directory: CellDirectory
    /// The mean vectors of the cells, count x dimension.
    let centers: [Float]
    let dimension: Int
    let pool: WorkerPool

    /// The number of cells that a thread compares at a time.
    private static let cellsPerPiece = 512

    /// For fewer products than this, one thread is faster than the pool.
    private static let minimumProductsForPool = 1 << 12

    /// The score of each cell for each query, queries x cells; -infinity for cells without entries.
    ///
    /// - Parameters:
    ///   - queries: count x dimension.
    ///   - alphas: for each query its alpha.
    func scores(_ queries: [Float], alphas: [Float]) throws -> [Float] {
        let cells = directory.count
        var parts: [(cells: Range<Int>, products: [Float])] = []
        if cells * alphas.count < Self.minimumProductsForPool {
            parts = [(0..<cells, products(of: 0..<cells, queries))]
        } else {
            parts = try pool.run(count: (cells + Self.cellsPerPiece - 1) / Self.cellsPerPiece) {
                [(cells: Range<Int>, products: [Float])]()
            } body: { parts, piece in
                let range = piece * Self.cellsPerPiece..<min((piece + 1) * Self.cellsPerPiece, cells)
                parts.append((range, products(of: range, queries)))
            }.flatMap(\.self)
        }
        var scores = [Float](repeating: -.infinity, count: cells * alphas.count)
        for (range, products) in parts {
            for query in alphas.indices {
                let (from, to, alpha) = (query * range.count, query * cells, alphas[query])
                for cell in range where directory.entries[cell] > 0 {
                    scores[to + cell] = products[from + cell - range.lowerBound] - alpha * directory.means[cell]
                }
            }
        }
        return scores
    }

    /// The products of some cells with all queries, queries x cells.
    private func products(of cells: Range<Int>, _ queries: [Float]) -> [Float] {
        var products = [Float](repeating: 0, count: cells.count * (queries.count / dimension))
        Kernels.products(
            centers.span.extracting(cells.lowerBound * dimension..<cells.upperBound * dimension), queries.span,
            dimension: dimension, into: &products)
        return products
    }

    /// The cells with the highest scores, by falling score.
    ///
    /// - Parameters:
    ///   - scores: the scores of all cells for one query.
    ///   - limit: the number of cells, at most.
    static func best(_ scores: ArraySlice<Float>, limit: Int) -> [Int] {
        let start = scores.startIndex
        let threshold = limit < scores.count ? threshold(Array(scores), rank: limit) : -.infinity
        let cells = (0..<scores.count).filter { scores[start + $0] >= threshold && scores[start + $0] > -.infinity }
        return Array(cells.sorted { (scores[start + $0], $1) > (scores[start + $1], $0) }.prefix(limit))
    }

    /// The number with a rank among some numbers: the largest one has the rank 1.
    ///
    /// Quickselect (Hoare, Find, 1961).
    private static func threshold(_ numbers: [Float], rank: Int) -> Float {
        var (numbers, low, high) = (numbers, 0, numbers.count - 1)
        while low < high {
            let pivot = numbers[(low + high) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while numbers[left] > pivot { left += 1 }
                while numbers[right] < pivot { right -= 1 }
                if left <= right {
                    numbers.swapAt(left, right)
                    left += 1
                    right -= 1
                }
            }
            if rank - 1 <= right {
                high = right
            } else if rank - 1 >= left {
                low = left
            } else {
                break
            }
        }
        return numbers[rank - 1]
    }
}
