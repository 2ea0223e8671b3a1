import IncrementalBias
import Testing

/// Compares ``ReferenceHeap`` with a sorted list.
struct ReferenceHeapTests {
    private typealias Entry = (similarity: Float, row: UInt32)

    private func heap(_ entries: [Entry], capacity: Int) -> ReferenceHeap {
        var heap = ReferenceHeap(capacity: capacity)
        let sorted = entries.sorted { $0.similarity > $1.similarity }.prefix(capacity)
        heap.replace { similarities, rows in
            for (index, entry) in sorted.enumerated() { (similarities[index], rows[index]) = entry }
            return sorted.count
        }
        return heap
    }

    private func entries(of heap: borrowing ReferenceHeap) -> [Entry] {
        (0..<heap.count).map { (heap.similarities[$0], heap.rows[$0]) }
    }

    private func expectEqual(_ heap: borrowing ReferenceHeap, _ expected: [Entry], _ label: String) {
        let found = entries(of: heap)
        #expect(found.map(\.similarity) == expected.map(\.similarity), "\(label)")
        #expect(found.map(\.row) == expected.map(\.row), "\(label)")
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func mergesAndRemovalsEqualASortedList(seed: UInt64) {
        var random = RandomSource(seed: seed)
        for round in 0..<200 {
            let capacity = Int.random(in: 1...12, using: &random)
            var heap = ReferenceHeap(capacity: capacity)
            var expected: [Entry] = []
            var nextRow: UInt32 = 0
            for step in 0..<20 {
                let label = "seed \(seed), round \(round), step \(step)"
                if Int.random(in: 0..<3, using: &random) == 0 {
                    let removed = RowSet(expected.map(\.row).filter { _ in Bool.random(using: &random) })
                    #expect(heap.remove(removed) == removed.count, "\(label)")
                    expected.removeAll { removed.contains($0.row) }
                } else {
                    let added = (0..<Int.random(in: 0...capacity, using: &random)).map { index in
                        // Distinct similarities: the order of equal ones is tested on its own.
                        (Float.random(in: -1...1, using: &random), nextRow + UInt32(index))
                    }
                    nextRow += UInt32(added.count)
                    heap.merge(self.heap(added, capacity: capacity))
                    expected = Array((expected + added).sorted { $0.similarity > $1.similarity }.prefix(capacity))
                }
                expectEqual(heap, expected, label)
                let k = Int.random(in: 1...capacity, using: &random)
                let best = expected.prefix(k).map { Double($0.similarity) }
                let mean = best.isEmpty ? 0 : best.reduce(0, +) / Double(best.count)
                #expect(abs(Double(heap.mean(k: k)) - mean) < 1e-6, "\(label)")
            }
        }
    }

    @Test func ofEqualSimilaritiesTheOldEntriesComeFirst() {
        var heap = heap([(0.5, 1), (0.25, 2)], capacity: 3)
        heap.merge(self.heap([(0.5, 3), (0.25, 4)], capacity: 3))
        expectEqual(heap, [(0.5, 1), (0.5, 3), (0.25, 2)], "merged")
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func insertionsAndRemovalsOfSingleReferencesEqualMergesAndRemovals(seed: UInt64) {
        var random = RandomSource(seed: seed)
        for _ in 0..<200 {
            let capacity = Int.random(in: 1...6, using: &random)
            var (heap, merged) = (ReferenceHeap(capacity: capacity), ReferenceHeap(capacity: capacity))
            for row in UInt32(0)..<12 {
                // Few similarities, so that many are equal.
                let similarity = Float(Int.random(in: 0..<5, using: &random))
                heap.insert(row, similarity: similarity)
                merged.merge(self.heap([(similarity, row)], capacity: capacity))
                let removed = UInt32.random(in: 0..<24, using: &random)
                heap.remove(reference: removed)
                _ = merged.remove(RowSet([removed]))
                expectEqual(heap, entries(of: merged), "seed \(seed)")
            }
        }
    }

    @Test func aMergeReturnsHowManyReferencesEntered() {
        var heap = heap([(0.5, 1), (0.25, 2)], capacity: 3)
        #expect(heap.merge(self.heap([(0.75, 3), (0.5, 4), (0.125, 5)], capacity: 3)) == 2)
        #expect(heap.merge(self.heap([(0.5, 6)], capacity: 3)) == 0)
        #expect(heap.merge(ReferenceHeap(capacity: 3)) == 0)
    }

    @Test func aRemovalReportsTheReferencesThatLeave() {
        var heap = heap([(0.5, 1), (0.25, 2), (0.125, 3)], capacity: 3)
        var left: [UInt32] = []
        #expect(heap.remove(RowSet([3, 1, 9])) { left.append($0) } == 2)
        #expect(left == [1, 3])
    }

    @Test func anyReferenceCanEnterACompleteHeap() {
        #expect(heap([(0.5, 1), (0.25, 2)], capacity: 3).threshold(references: 2) == -.infinity)
        #expect(ReferenceHeap(capacity: 3).threshold(references: 0) == -.infinity)
    }

    @Test func theThresholdOfAnIncompleteHeapIsItsLastSimilarity() {
        #expect(heap([(0.5, 1), (0.25, 2)], capacity: 3).threshold(references: 3) == 0.25)
        // Not infinity, which is the threshold of a row without an image.
        #expect(ReferenceHeap(capacity: 3).threshold(references: 1) == .greatestFiniteMagnitude)
    }

    @Test func aHeapWithFewerThanKReferencesIsDeficientIfTheCorpusHasMore() {
        let heap = heap([(0.5, 1), (0.25, 2)], capacity: 3)
        #expect(heap.isDeficient(k: 3, references: 3))
        #expect(!heap.isDeficient(k: 3, references: 2))
        #expect(!heap.isDeficient(k: 2, references: 9))
    }

    @Test func theMeanOfAnEmptyHeapIsZero() {
        #expect(ReferenceHeap(capacity: 3).mean(k: 2) == 0)
    }

    @Test func loadingAStoredHeapRestoresIt() {
        let heap = heap([(0.5, 7), (-0.25, 9)], capacity: 4)
        var words: [UInt32] = [1, 2, 3]
        heap.append(to: &words)
        // A heap has two words, then a similarity and a row for each place.
        #expect(words.count == 3 + 2 + 2 * 4)
        var loaded = self.heap([(1, 1), (1, 2), (1, 3)], capacity: 4)
        loaded.load(words.span, at: 3)
        expectEqual(loaded, [(0.5, 7), (-0.25, 9)], "loaded")
    }

    @Test func mappedRowsKeepTheirOrder() {
        var heap = heap([(0.5, 0), (0.25, 1)], capacity: 2)
        heap.mapRows { $0 + 100 }
        expectEqual(heap, [(0.5, 100), (0.25, 101)], "mapped")
        heap.clear()
        #expect(heap.count == 0)
    }
}
