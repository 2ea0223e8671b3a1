import IncrementalBias
import Testing

/// Compares ``ReferenceHeap/apply(_:using:)`` with the batches of changes that commits make to a heap in memory.
struct PendingEntryTests {
    /// A change that a commit makes to one heap: it removes references, then merges others into the heap.
    private struct Change {
        var removed: [UInt32] = []
        var added: [(row: UInt32, similarity: Float)] = []
    }

    private let image: UInt32 = 7

    private func rows(of heap: borrowing ReferenceHeap) -> [UInt32] { Array(heap.rows.prefix(heap.count)) }

    private func sorted(_ change: Change, capacity: Int) -> ReferenceHeap {
        var heap = ReferenceHeap(capacity: capacity)
        let best = change.added.sorted { $0.similarity > $1.similarity }.prefix(capacity)
        heap.replace { similarities, rows in
            for (index, entry) in best.enumerated() {
                (similarities[index], rows[index]) = (entry.similarity, entry.row)
            }
            return best.count
        }
        return heap
    }

    /// Changes the heap as a commit does, and returns the entries that the commit records.
    private func apply(_ change: Change, to heap: inout ReferenceHeap) -> [PendingEntry] {
        var entries: [PendingEntry] = []
        _ = heap.remove(RowSet(change.removed)) { entries.append(.removal($0, from: image)) }
        let added = sorted(change, capacity: heap.capacity)
        for index in 0..<heap.merge(added) {
            entries.append(.addition(added.rows[index], to: image, similarity: added.similarities[index]))
        }
        return entries
    }

    /// A change with few distinct similarities, so that many are equal.
    private func randomChange(
        _ heap: borrowing ReferenceHeap, next: inout UInt32, using random: inout RandomSource
    ) -> Change {
        var change = Change()
        for row in rows(of: heap) where Int.random(in: 0..<4, using: &random) == 0 { change.removed.append(row) }
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            // A removed row can come back at once, as that of a replaced reference does.
            let comesBack = !change.removed.isEmpty && Int.random(in: 0..<3, using: &random) == 0
            let row = comesBack ? change.removed[0] : next
            guard !change.added.contains(where: { $0.row == row }) else { continue }
            if !comesBack { next += 1 }
            change.added.append((row, Float(Int.random(in: 0..<8, using: &random)) / 8))
        }
        return change
    }

    @Test(arguments: [UInt64.random(in: 0..<1 << 32)])
    func entriesHaveTheEffectOfTheCommitsThatRecordedThem(seed: UInt64) {
        var random = RandomSource(seed: seed)
        for round in 0..<300 {
            let capacity = Int.random(in: 1...10, using: &random)
            var current = ReferenceHeap(capacity: capacity)
            var stored = current
            var buffer = current
            var entries: [PendingEntry] = []
            var next: UInt32 = 0
            for step in 0..<12 {
                entries += apply(randomChange(current, next: &next, using: &random), to: &current)
                if Int.random(in: 0..<6, using: &random) == 0 {
                    stored = current
                    entries.append(.reset(image))
                }
                var logical = stored
                logical.apply(entries[...], using: &buffer)
                let label = "seed \(seed), round \(round), step \(step)"
                #expect(rows(of: logical) == rows(of: current), "\(label)")
                let similarities = logical.similarities.prefix(logical.count)
                #expect(similarities == current.similarities.prefix(current.count), "\(label)")
            }
        }
    }

    @Test func kindsAreDistinctAndSimilaritiesKeepTheirBits() {
        for similarity in [Float(0), -0.0, 1, -1, .leastNonzeroMagnitude, -.greatestFiniteMagnitude] {
            let entry = PendingEntry.addition(3, to: 5, similarity: similarity)
            #expect(entry.kind == .addition)
            #expect(entry.similarity.bitPattern == similarity.bitPattern)
        }
        #expect(PendingEntry.removal(3, from: 5).kind == .removal)
        #expect(PendingEntry.reset(5).kind == .reset)
        #expect(PendingEntry.removal(3, from: 5).similarity.isNaN && PendingEntry.reset(5).similarity.isNaN)
    }

    @Test func anEntryHasThreeWords() {
        var words: [UInt32] = []
        PendingEntry.addition(3, to: 5, similarity: 1).append(to: &words)
        PendingEntry.removal(3, from: 5).append(to: &words)
        PendingEntry.reset(5).append(to: &words)
        #expect(words == [5, 3, 0x3F80_0000, 5, 3, 0x7FC0_0001, 5, 0, 0x7FC0_0002])
    }

    @Test func anAdditionThatPushedAReferenceOutKeepsItOutAfterItsRemoval() {
        var heap = ReferenceHeap(capacity: 2)
        for (row, similarity) in [(UInt32(1), Float(0.5)), (2, 0.25)] { heap.insert(row, similarity: similarity) }
        var buffer = heap
        heap.apply(
            [.addition(3, to: image, similarity: 0.75), .removal(3, from: image)], using: &buffer)
        #expect(rows(of: heap) == [1])
    }
}
