/// The best references of one image, at most `capacity` of them, sorted by falling similarity.
///
/// A heap is *complete* when it holds every reference of the corpus. Otherwise it is exact down to its last similarity, and
/// nothing is known of the references below. One value serves as a buffer for many heaps: load, change, store, load the
/// next.
package struct ReferenceHeap {
    package let capacity: Int
    /// The number of references in the heap.
    package private(set) var count = 0
    /// The similarities, falling; the first `count` are valid.
    package private(set) var similarities: [Float]
    /// The references' rows, in the order of `similarities`.
    package private(set) var rows: [UInt32]
    private var mergedSimilarities: [Float]
    private var mergedRows: [UInt32]

    /// Makes an empty heap.
    package init(capacity: Int) {
        self.capacity = capacity
        similarities = Array(repeating: 0, count: capacity)
        rows = Array(repeating: 0, count: capacity)
        mergedSimilarities = similarities
        mergedRows = rows
    }

    /// Removes all references.
    package mutating func clear() { count = 0 }

    /// Replaces the content of the heap.
    ///
    /// - Parameter fill: writes up to `capacity` similarities, falling, and the references' rows, and returns their number.
    package mutating func replace(_ fill: (_ similarities: inout [Float], _ rows: inout [UInt32]) -> Int) {
        count = fill(&similarities, &rows)
    }

    /// Copies the stored heap that starts at word `offset`; see ``HeapLayout``.
    package mutating func load(_ words: Span<UInt32>, at offset: Int) {
        count = min(Int(words[offset]), capacity)
        let similaritiesAt = offset + 2
        let rowsAt = similaritiesAt + capacity
        for i in 0..<count {
            similarities[i] = Float(bitPattern: words[similaritiesAt + i])
            rows[i] = words[rowsAt + i]
        }
    }

    /// Appends the heap to `words` as it is stored, ``HeapLayout/wordsPerHeap`` words.
    package func append(to words: inout [UInt32]) {
        let start = words.count
        words.append(contentsOf: repeatElement(0, count: 2 + 2 * capacity))
        store(to: &words, at: start)
    }

    /// Writes the heap as it is stored, from `words[start]` on.
    package func store(to words: inout [UInt32], at start: Int) {
        var span = words.mutableSpan
        span[start] = UInt32(count)
        let rowsAt = start + 2 + capacity
        for i in 0..<capacity {
            span[start + 2 + i] = i < count ? similarities[i].bitPattern : 0
            span[rowsAt + i] = i < count ? rows[i] : 0
        }
    }

    /// Removes the references in `removed`.
    ///
    /// - Returns: how many of them the heap held.
    package mutating func remove(_ removed: RowSet) -> Int {
        var kept = 0
        for i in 0..<count where !removed.contains(rows[i]) {
            similarities[kept] = similarities[i]
            rows[kept] = rows[i]
            kept += 1
        }
        defer { count = kept }
        return count - kept
    }

    /// Replaces each reference's row by `name` of it.
    package mutating func renameRows(_ name: (UInt32) -> UInt32) {
        for i in 0..<count { rows[i] = name(rows[i]) }
    }

    /// Adds the references of `other`, of which the heap holds none; the best `capacity` of both stay.
    ///
    /// O(capacity). Of equal similarities, those of this heap come first.
    package mutating func merge(_ other: borrowing ReferenceHeap) {
        var old = 0
        var fresh = 0
        var merged = 0
        while merged < capacity, old < count || fresh < other.count {
            if fresh == other.count || (old < count && similarities[old] >= other.similarities[fresh]) {
                mergedSimilarities[merged] = similarities[old]
                mergedRows[merged] = rows[old]
                old += 1
            } else {
                mergedSimilarities[merged] = other.similarities[fresh]
                mergedRows[merged] = other.rows[fresh]
                fresh += 1
            }
            merged += 1
        }
        swap(&similarities, &mergedSimilarities)
        swap(&rows, &mergedRows)
        count = merged
    }

    /// The mean of the `k` largest similarities, or of all where there are fewer; 0 for an empty heap.
    ///
    /// Source: Nearest Neighbor Normalization (arXiv 2410.24114), equation 1 without its factor alpha.
    package func mean(k: Int) -> Float {
        let used = min(k, count)
        guard used > 0 else { return 0 }
        var sum = 0.0
        for i in 0..<used { sum += Double(similarities[i]) }
        return Float(sum / Double(used))
    }

    /// The similarity that a reference must exceed to enter the heap.
    ///
    /// A complete heap takes any reference. Another takes references above its last similarity only: a lower one must not
    /// enter, because unknown references may lie between.
    ///
    /// - Parameter references: the number of references of the corpus.
    package func threshold(references: Int) -> Float {
        if count == references { return -.infinity }
        return count == 0 ? .greatestFiniteMagnitude : similarities[count - 1]
    }

    /// Whether the heap lacks references that its mean needs.
    ///
    /// - Parameter references: the number of references of the corpus.
    package func isDeficient(k: Int, references: Int) -> Bool {
        count < min(k, references)
    }
}
