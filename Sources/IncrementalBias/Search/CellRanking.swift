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

    /// The score of each cell for each query, queries x cells; -infinity for cells without entries.
    ///
    /// - Parameters:
    ///   - queries: count x dimension.
    ///   - alphas: for each query its alpha.
    func scores(_ queries: [Float], alphas: [Float]) throws -> [Float] {
        let cells = directory.count
        let pieces = (cells + Self.cellsPerPiece - 1) / Self.cellsPerPiece
        let parts = try pool.run(count: pieces) {
            [(cells: Range<Int>, products: [Float])]()
        } body: { parts, piece in
            let range = piece * Self.cellsPerPiece..<min((piece + 1) * Self.cellsPerPiece, cells)
            var products = [Float](repeating: 0, count: range.count * alphas.count)
            Kernels.products(
                centers.span.extracting(range.lowerBound * dimension..<range.upperBound * dimension), queries.span,
                dimension: dimension, into: &products)
            parts.append((range, products))
        }
        var scores = [Float](repeating: -.infinity, count: cells * alphas.count)
        for (range, products) in parts.flatMap(\.self) {
            for query in alphas.indices {
                let (from, to, alpha) = (query * range.count, query * cells, alphas[query])
                for cell in range where directory.entries[cell] > 0 {
                    scores[to + cell] = products[from + cell - range.lowerBound] - alpha * directory.means[cell]
                }
            }
        }
        return scores
    }

    /// The cells with the highest scores, in ascending order of their numbers.
    ///
    /// - Parameters:
    ///   - scores: the scores of all cells for one query.
    ///   - limit: the number of cells, at most.
    static func best(_ scores: ArraySlice<Float>, limit: Int) -> [Int] {
        guard limit < scores.count else {
            return (0..<scores.count).filter { scores[scores.startIndex + $0] > -.infinity }
        }
        let threshold = threshold(Array(scores), rank: limit)
        var ties = limit - scores.count { $0 > threshold }
        return (0..<scores.count).filter { cell in
            let score = scores[scores.startIndex + cell]
            if score == threshold, ties > 0 {
                ties -= 1
                return score > -.infinity
            }
            return score > threshold
        }
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
