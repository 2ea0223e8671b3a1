internal import HeapModule

/// The largest `limit` of the numbers offered so far.
struct TopNumbers: Sendable {
    let limit: Int
    /// The value that a number must reach to be among the largest; never falls.
    private(set) var threshold: Float
    private var heap: HeapModule.Heap<Float> = []

    /// Makes an empty selection.
    ///
    /// - Parameters:
    ///   - limit: the number of numbers to keep.
    ///   - minimum: smaller numbers are not kept.
    init(limit: Int, minimum: Float = -.infinity) {
        self.limit = limit
        threshold = limit > 0 ? minimum : .infinity
    }

    /// Keeps a number if it is among the largest.
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

    /// The numbers kept, in no order.
    var numbers: [Float] { heap.unordered }
}
