internal import HeapModule

/// A row with its exact score.
struct Candidate: Comparable, Sendable {
    let score: Float
    let similarity: Float
    let row: UInt32

    /// Whether `a` ranks behind `b`: by falling score, and equal scores by rising row, so that a ranking is reproducible.
    static func < (a: Candidate, b: Candidate) -> Bool {
        (a.score, b.row) < (b.score, a.row)
    }
}

/// The best `limit` of the candidates offered.
struct TopRows: Sendable {
    let limit: Int
    private var heap: HeapModule.Heap<Candidate> = []

    init(limit: Int) {
        self.limit = limit
    }

    /// The smallest score that can still be among the best.
    var threshold: Float {
        guard heap.count >= limit else { return -.infinity }
        return heap.min?.score ?? .infinity
    }

    /// Adds a candidate if it is among the best.
    ///
    /// O(log limit).
    mutating func offer(_ candidate: Candidate) {
        if heap.count < limit {
            heap.insert(candidate)
        } else if let worst = heap.min, worst < candidate {
            heap.replaceMin(with: candidate)
        }
    }

    /// The candidates, in no order.
    var candidates: [Candidate] { heap.unordered }
}
