internal import VectorMath

/// The heap of one image: the references with the largest similarities, as a list in descending order of similarity.
///
/// A heap is *complete* if it holds every reference of the corpus. A heap that is not complete says nothing about
/// references below its last similarity; see docs/bias-maintenance.md. One value can be used for many heaps in turn:
/// load a heap, change it, store it, load the next.
package struct ReferenceHeap {
    /// The maximum number of references.
    package let capacity: Int
    /// The number of references in the heap.
    package private(set) var count = 0
    /// The similarities in descending order.
    ///
    /// Only the first `count` elements are valid.
    package private(set) var similarities: [Float]
    /// The rows of the references, in the order of `similarities`.
    package private(set) var rows: [UInt32]

    /// Creates an empty heap.
    package init(capacity: Int) {
        self.capacity = capacity
        similarities = Array(repeating: 0, count: capacity)
        rows = Array(repeating: 0, count: capacity)
    }

    /// Removes all references.
    package mutating func clear() { count = 0 }

    /// Replaces the content of the heap.
    ///
    /// - Parameter fill: writes at most `capacity` similarities in descending order, and the rows of their references,
    ///   to the starts of the arrays; returns their number.
    package mutating func replace(_ fill: (_ similarities: inout [Float], _ rows: inout [UInt32]) -> Int) {
        count = fill(&similarities, &rows)
    }

    /// Replaces the content of the heap by the stored heap that starts at `words[offset]`; see ``HeapLayout``.
    package mutating func load(_ words: Span<UInt32>, at offset: Int) {
        count = min(Int(words[offset]), capacity)
        let (similaritiesAt, rowsAt) = (offset + 2, offset + 2 + capacity)
        Self.copy(words.extracting(similaritiesAt..<similaritiesAt + count), to: &similarities)
        Self.copy(words.extracting(rowsAt..<rowsAt + count), to: &rows)
    }

    /// Copies floats, given by their bits, to the start of an array.
    private static func copy(_ bits: Span<UInt32>, to floats: inout [Float]) {
        var target = floats.mutableSpan
        precondition(bits.count <= target.count)
        for i in bits.indices { target[i] = Float(bitPattern: bits[i]) }
    }

    private static func copy(_ source: Span<UInt32>, to rows: inout [UInt32]) {
        var target = rows.mutableSpan
        NumberView.copy(source, to: &target, at: 0)
    }

    /// Appends the heap to `words` in its stored form, ``HeapLayout/wordsPerHeap`` words.
    package func append(to words: inout [UInt32]) {
        let start = words.count
        words.append(contentsOf: repeatElement(0, count: 2 + 2 * capacity))
        store(to: &words, at: start)
    }

    /// Writes the heap in its stored form to `words`, from index `start`.
    package func store(to words: inout [UInt32], at start: Int) {
        var span = words.mutableSpan
        span[start] = UInt32(count)
        let rowsAt = start + 2 + capacity
        for i in 0..<capacity {
            span[start + 2 + i] = i < count ? similarities[i].bitPattern : 0
            span[rowsAt + i] = i < count ? rows[i] : 0
        }
    }

    /// Removes the references whose rows are in `removed`.
    ///
    /// - Parameter onRemoval: called with the row of each reference that leaves the heap.
    /// - Returns: the number of references that the heap lost.
    package mutating func remove(_ removed: RowSet, onRemoval: (UInt32) -> Void = { _ in }) -> Int {
        var kept = 0
        for i in 0..<count {
            if removed.contains(rows[i]) {
                onRemoval(rows[i])
                continue
            }
            similarities[kept] = similarities[i]
            rows[kept] = rows[i]
            kept += 1
        }
        defer { count = kept }
        return count - kept
    }

    /// Removes one reference, if the heap has it.
    package mutating func remove(reference: UInt32) {
        guard let index = rows[..<count].firstIndex(of: reference) else { return }
        count -= 1
        for i in index..<count {
            similarities[i] = similarities[i + 1]
            rows[i] = rows[i + 1]
        }
    }

    /// Adds one reference, and keeps the `capacity` largest similarities.
    ///
    /// The heap must not have the reference yet. Of equal similarities, those of this heap come first.
    ///
    /// - Returns: whether the reference is in the heap now.
    @discardableResult
    package mutating func insert(_ reference: UInt32, similarity: Float) -> Bool {
        if count == capacity {
            guard similarity > similarities[count - 1] else { return false }
        } else {
            count += 1
        }
        var i = count - 1
        while i > 0, similarities[i - 1] < similarity {
            similarities[i] = similarities[i - 1]
            rows[i] = rows[i - 1]
            i -= 1
        }
        similarities[i] = similarity
        rows[i] = reference
        return true
    }

    /// Replaces the row of each reference by `transform(row)`.
    package mutating func mapRows(_ transform: (UInt32) -> UInt32) {
        for i in 0..<count { rows[i] = transform(rows[i]) }
    }

    /// Adds the references of `other`, and keeps the `capacity` largest similarities of both heaps.
    ///
    /// The heaps must have no reference in common. Of equal similarities, those of this heap come first. O(capacity).
    ///
    /// - Returns: the number of references of `other` that are in this heap now; they are the first ones of `other`.
    @discardableResult
    package mutating func merge(_ other: borrowing ReferenceHeap) -> Int {
        var (old, fresh) = (count, other.count)
        // Beyond the capacity the lowest similarities are left out; of equal ones, those of `other`.
        while old + fresh > capacity {
            if old == 0 || (fresh > 0 && similarities[old - 1] >= other.similarities[fresh - 1]) {
                fresh -= 1
            } else {
                old -= 1
            }
        }
        let entered = fresh
        count = old + fresh
        Self.merge(&similarities, &rows, first: old, of: other, first: fresh)
        return entered
    }

    /// Merges the first `fresh` references of `other` into a list of which the first `old` elements are kept.
    private static func merge(
        _ similarities: inout [Float], _ rows: inout [UInt32], first old: Int, of other: borrowing ReferenceHeap,
        first fresh: Int
    ) {
        var (old, fresh) = (old, fresh)
        var similarities = similarities.mutableSpan
        var rows = rows.mutableSpan
        // From the end, so that the first elements stay where they are.
        while fresh > 0 {
            let target = old + fresh - 1
            if old > 0, similarities[old - 1] < other.similarities[fresh - 1] {
                old -= 1
                similarities[target] = similarities[old]
                rows[target] = rows[old]
            } else {
                fresh -= 1
                similarities[target] = other.similarities[fresh]
                rows[target] = other.rows[fresh]
            }
        }
    }

    /// The mean of the `k` largest similarities, or of all if there are fewer; 0 for an empty heap.
    ///
    /// Source: Nearest Neighbor Normalization (arXiv 2410.24114), equation 1 without the factor alpha.
    package func mean(k: Int) -> Float {
        let used = min(k, count)
        guard used > 0 else { return 0 }
        var sum = 0.0
        for i in 0..<used { sum += Double(similarities[i]) }
        return Float(sum / Double(used))
    }

    /// The similarity that a reference must exceed to enter the heap.
    ///
    /// Any reference can enter a complete heap. Only references above the last similarity can enter a heap that is not
    /// complete, because the corpus can have other references below it that the heap does not hold. No reference can
    /// enter a heap that is empty and not complete: its threshold is the largest finite number, because infinity marks
    /// a row without an image.
    ///
    /// - Parameter references: the number of references in the corpus.
    package func threshold(references: Int) -> Float {
        if count == references { return -.infinity }
        return count == 0 ? .greatestFiniteMagnitude : similarities[count - 1]
    }

    /// Whether `other` begins with the similarities of this heap.
    func isBeginning(of other: borrowing ReferenceHeap) -> Bool {
        count <= other.count && similarities[..<count] == other.similarities[..<count]
    }

    /// Whether the heap holds too few references for its mean: fewer than `k`, although the corpus has more.
    ///
    /// - Parameters:
    ///   - k: the number of largest similarities that the mean averages.
    ///   - references: the number of references in the corpus.
    package func isDeficient(k: Int, references: Int) -> Bool {
        count < min(k, references)
    }
}
