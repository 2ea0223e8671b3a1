/// Heaps that have been computed and are not yet stored, with their means and thresholds.
struct ComputedHeaps: Sendable {
    /// The rows of the images, ascending.
    var rows: [UInt32] = []
    /// The heaps one after another in their stored form, as ``ReferenceHeap/append(to:)`` writes them.
    var words: [UInt32] = []
    /// The mean of each heap.
    var means: [Float] = []
    /// The threshold of each heap.
    var thresholds: [Float] = []

    /// Appends the heap of the image in `row`, with its mean and its threshold.
    ///
    /// - Parameters:
    ///   - k: the number of similarities that the mean averages.
    ///   - references: the number of references in the corpus.
    mutating func append(_ heap: borrowing ReferenceHeap, row: UInt32, k: Int, references: Int) {
        rows.append(row)
        heap.append(to: &words)
        means.append(heap.mean(k: k))
        thresholds.append(heap.threshold(references: references))
    }
}
