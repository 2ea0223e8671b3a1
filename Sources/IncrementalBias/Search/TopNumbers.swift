internal import HeapModule

/// The largest `limit` of the numbers seen.
struct TopNumbers: Sendable {
    let limit: Int
    /// What a number must reach to be among them, whatever was seen so far.
    private(set) var threshold: Float
    private var heap: HeapModule.Heap<Float> = []

    /// - Parameters:
    ///   - limit: how many numbers to keep.
    ///   - floor: a threshold known from elsewhere.
    init(limit: Int, above floor: Float = -.infinity) {
        self.limit = limit
        threshold = limit > 0 ? floor : .infinity
    }

    /// Takes a number in, if it is among the largest.
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
