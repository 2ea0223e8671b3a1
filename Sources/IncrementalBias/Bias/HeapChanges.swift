/// Heaps that have been computed and are not yet stored, with their means and thresholds.
struct HeapChanges: Sendable {
    /// The images, rising.
    var rows: [UInt32] = []
    /// The heaps, as ``ReferenceHeap/append(to:)`` writes them.
    var words: [UInt32] = []
    var means: [Float] = []
    var thresholds: [Float] = []

    /// Appends the heap of the image in `row`.
    ///
    /// - Parameters:
    ///   - k: how many similarities the mean takes.
    ///   - references: the number of references of the corpus.
    mutating func append(_ heap: borrowing ReferenceHeap, row: UInt32, k: Int, references: Int) {
        rows.append(row)
        heap.append(to: &words)
        means.append(heap.mean(k: k))
        thresholds.append(heap.threshold(references: references))
    }
}
