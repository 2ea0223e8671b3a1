internal import VectorMath

/// One image's best references: at most `capacity` of them, by falling similarity.
///
/// A heap is *complete* when it holds every reference there is; else it is exact down to its last similarity, and
/// what lies below is not known. Used as a buffer: load, change, store, load the next.
struct ReferenceHeap {
    let capacity: Int
    private(set) var count = 0
    private(set) var similarities: [Float]
    private(set) var rows: [UInt32]
    private var mergedSimilarities: [Float]
    private var mergedRows: [UInt32]

    init(capacity: Int) {
        self.capacity = capacity
        similarities = Array(repeating: 0, count: capacity)
        rows = Array(repeating: 0, count: capacity)
        mergedSimilarities = similarities
        mergedRows = rows
    }

    /// Forgets all references.
    mutating func clear() { count = 0 }

    /// Takes over the heap that starts at word `offset`; see ``HeapLayout``.
    mutating func load(_ words: Span<UInt32>, at offset: Int) {
        count = min(Int(words[offset]), capacity)
        let similaritiesAt = offset + 2
        let rowsAt = similaritiesAt + capacity
        for i in 0..<count {
            similarities[i] = Float(bitPattern: words[similaritiesAt + i])
            rows[i] = words[rowsAt + i]
        }
    }

    /// Writes the heap to the end of `words`, all ``HeapLayout/wordsPerHeap`` of it.
    func append(to words: inout [UInt32]) {
        let start = words.count
        words.append(contentsOf: repeatElement(0, count: 2 + 2 * capacity))
        store(to: &words, at: start)
    }

    /// Writes the heap over the one that starts at `words[start]`.
    func store(to words: inout [UInt32], at start: Int) {
        var span = words.mutableSpan
        span[start] = UInt32(count)
        let rowsAt = start + 2 + capacity
        for i in 0..<capacity {
            span[start + 2 + i] = i < count ? similarities[i].bitPattern : 0
            span[rowsAt + i] = i < count ? rows[i] : 0
        }
    }

    /// Drops the references in `removed`.
    ///
    /// - Returns: how many it held of them.
    mutating func remove(_ removed: RowSet) -> Int {
        var kept = 0
        for i in 0..<count where !removed.contains(rows[i]) {
            similarities[kept] = similarities[i]
            rows[kept] = rows[i]
            kept += 1
        }
        defer { count = kept }
        return count - kept
    }

    /// Takes over what `search` found for its row `row`, with columns as rows.
    mutating func take(from search: ExhaustiveSearch, row: Int) {
        count = search.result(row: row, products: &similarities, columns: &rows)
    }

    /// Takes over what `search` found for its row `row`, with columns as rows.
    mutating func take(from search: inout CodedSearch, row: Int) {
        count = search.result(row: row, products: &similarities, columns: &rows)
    }

    /// Takes over the best of `ranked`, which is sorted, with columns as rows.
    mutating func take(_ ranked: ArraySlice<RankedProduct>) {
        count = min(ranked.count, capacity)
        for (i, entry) in ranked.prefix(count).enumerated() {
            similarities[i] = entry.product
            rows[i] = entry.column
        }
    }

    /// Gives each reference the row that `name` has for it.
    mutating func renameRows(_ name: (UInt32) -> UInt32) {
        for i in 0..<count { rows[i] = name(rows[i]) }
    }

    /// Takes up the references of `other`, none of which it holds; what exceeds the capacity falls off the end.
    mutating func merge(_ other: borrowing ReferenceHeap) {
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

    /// The mean of the `k` largest similarities, or of all where there are fewer; 0 where there are none.
    ///
    /// Source: Nearest Neighbor Normalization (arXiv 2410.24114), equation 1 without its factor alpha.
    func mean(k: Int) -> Float {
        let used = min(k, count)
        guard used > 0 else { return 0 }
        var sum = 0.0
        for i in 0..<used { sum += Double(similarities[i]) }
        return Float(sum / Double(used))
    }

    /// What a reference's similarity must exceed to enter.
    ///
    /// - Parameter references: how many references the corpus has. A complete heap takes anything. One that is not
    ///   takes what beats its last entry: a lower one must not enter as if nothing lay between.
    func threshold(references: Int) -> Float {
        if count == references { return -.infinity }
        return count == 0 ? .greatestFiniteMagnitude : similarities[count - 1]
    }

    /// Whether it lacks references that its bias needs.
    func isDeficient(k: Int, references: Int) -> Bool {
        count < min(k, references)
    }
}
