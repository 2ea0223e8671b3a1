internal import VectorMath

/// Applies a change of the references to blocks of images, one block at a time, for one thread.
///
/// The calls for each block, in order: ``start(block:rows:means:thresholds:)``, ``removeReferences(_:)``,
/// ``addReferences(_:_:images:codes:)``, ``finish(_:)``.
struct HeapPassWorker {
    private let layout: StoreLayout
    private let k: Int
    private let heaps: MappedHeaps
    private var filter: CandidateFilter

    private var firstRow = 0
    private var means: [Float] = []
    private var thresholds: [Float] = []
    /// The words of the heaps that have changed.
    private var changed: [UInt32] = []
    /// For each row the index of the first word of its changed heap; `nil` where the heap has not changed.
    private var changedAt: [Int?] = []

    private var heap: ReferenceHeap
    private var candidates: ReferenceHeap

    init(layout: StoreLayout, k: Int, heaps: MappedHeaps, priority: SearchPriority) throws {
        self.layout = layout
        self.k = k
        self.heaps = heaps
        filter = try CandidateFilter(layout: layout, priority: priority)
        heap = ReferenceHeap(capacity: layout.settings.capacity)
        candidates = heap
    }

    /// Begins a block, of which the first `rows` rows were ever used, with its stored means and thresholds.
    mutating func start(block: Int, rows: Int, means: [Float], thresholds: [Float]) {
        firstRow = block * layout.rowsPerBlock
        self.means = means
        self.thresholds = thresholds
        changed.removeAll(keepingCapacity: true)
        changedAt = Array(repeating: nil, count: rows)
    }

    /// Removes the removed references from the heaps, and sets the thresholds for the added ones.
    mutating func removeReferences(_ change: ReferenceChange) {
        for slot in changedAt.indices where isImage(slot) {
            load(slot)
            if heap.remove(change.removed) > 0 { keepChange(slot) }
            thresholds[slot] = heap.threshold(references: change.countBetween)
        }
    }

    /// Merges the added references into the heaps whose thresholds they exceed.
    ///
    /// - Parameters:
    ///   - coded: the codes of the added references.
    ///   - images: mapped vectors that include those of the block's images.
    ///   - codes: the block of codes.
    mutating func addReferences(
        _ change: ReferenceChange, _ coded: CodedQueries, images: MappedVectors, codes: RawSpan
    ) throws {
        try filter.find(
            change, coded, rows: firstRow..<firstRow + changedAt.count, thresholds: thresholds, images: images,
            codes: codes)
        for slot in changedAt.indices where isImage(slot) {
            filter.copyCandidates(of: slot, into: &candidates)
            guard candidates.count > 0 else { continue }
            candidates.renameRows { change.addedRows[Int($0)] }
            load(slot)
            heap.merge(candidates)
            keepChange(slot)
        }
    }

    /// The changes of the block; `nil` where nothing has changed.
    mutating func finish(_ change: ReferenceChange) -> HeapPassResult? {
        guard change.concernsAll || !changed.isEmpty else { return nil }
        var result = HeapPassResult(block: firstRow / layout.rowsPerBlock)
        for slot in changedAt.indices where isImage(slot) {
            if let start = changedAt[slot] {
                result.rows.append(UInt32(firstRow + slot))
                result.starts.append(start)
            } else if !change.concernsAll {
                continue
            }
            load(slot)
            means[slot] = heap.mean(k: k)
            thresholds[slot] = heap.threshold(references: change.count)
            if heap.isDeficient(k: k, references: change.count) { result.deficient.append(UInt32(firstRow + slot)) }
        }
        swap(&result.heaps, &changed)
        result.means = means
        result.thresholds = thresholds
        return result
    }

    private func isImage(_ slot: Int) -> Bool { means[slot] != .infinity }

    private mutating func load(_ slot: Int) {
        if let offset = changedAt[slot] {
            let changed = changed
            heap.load(changed.span, at: offset)
        } else {
            heaps.load(row: firstRow + slot, into: &heap)
        }
    }

    private mutating func keepChange(_ slot: Int) {
        if let start = changedAt[slot] {
            heap.store(to: &changed, at: start)
        } else {
            changedAt[slot] = changed.count
            heap.append(to: &changed)
        }
    }
}

/// The changes that a pass makes to one block of images.
struct HeapPassResult {
    let block: Int
    /// The images whose heaps have changed, rising.
    var rows: [UInt32] = []
    /// The changed heaps, as ``ReferenceHeap/append(to:)`` writes them.
    var heaps: [UInt32] = []
    /// For each changed heap the index of its first word.
    var starts: [Int] = []
    /// The means and thresholds of the block, all of its rows.
    var means: [Float] = []
    var thresholds: [Float] = []
    /// The images whose heaps lack references that their means need.
    var deficient: [UInt32] = []
}
