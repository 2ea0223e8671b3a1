internal import HeapModule

/// The largest `limit` of the numbers offered.
struct TopNumbers: Sendable {
    let limit: Int
    /// The smallest number that can still be among the largest; never falls.
    private(set) var threshold: Float
    private var heap: HeapModule.Heap<Float> = []

    /// Makes an empty selection.
    ///
    /// - Parameters:
    ///   - limit: how many numbers to keep.
    ///   - threshold: a lower bound of the numbers that can count, known from elsewhere.
    init(limit: Int, above threshold: Float = -.infinity) {
        self.limit = limit
        self.threshold = limit > 0 ? threshold : .infinity
    }

    /// Adds a number if it is among the largest.
    ///
    /// O(log limit).
    mutating func offer(_ number: Float) {
        guard number >= threshold else { return }
        if heap.count < limit {
            heap.insert(number)
        } else if let smallest = heap.min, smallest < number {
            heap.replaceMin(with: number)
        } else {
            return
        }
        if heap.count == limit, let smallest = heap.min { threshold = max(threshold, smallest) }
    }

    /// The numbers, in no order.
    var numbers: [Float] { heap.unordered }
}
