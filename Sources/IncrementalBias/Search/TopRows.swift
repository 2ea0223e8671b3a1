internal import HeapModule

/// An image with its exact score for one query.
struct ScoredRow: Comparable, Sendable {
    let score: Float
    let similarity: Float
    /// The row of the image in the store.
    let row: UInt32

    /// Whether `a` ranks behind `b`.
    ///
    /// Images rank by falling score, and images with equal scores by ascending row. A ranking is therefore
    /// reproducible.
    static func < (a: ScoredRow, b: ScoredRow) -> Bool {
        (a.score, b.row) < (b.score, a.row)
    }
}

/// The best `limit` of the images offered so far, for one query.
struct TopRows: Sendable {
    let limit: Int
    private var heap: HeapModule.Heap<ScoredRow> = []

    /// - Parameter limit: the number of images to keep.
    init(limit: Int) {
        self.limit = limit
    }

    /// The score that an image must reach to be kept; -infinity while fewer than `limit` are kept.
    var threshold: Float {
        guard heap.count >= limit else { return -.infinity }
        return heap.min?.score ?? .infinity
    }

    /// Keeps an image if it is among the best.
    ///
    /// O(log limit).
    mutating func offer(_ row: ScoredRow) {
        if heap.count < limit {
            heap.insert(row)
        } else if let worst = heap.min, worst < row {
            heap.replaceMin(with: row)
        }
    }

    /// The images kept, in no order.
    var rows: [ScoredRow] { heap.unordered }
}
