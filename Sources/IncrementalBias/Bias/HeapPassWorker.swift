/// Applies a change of the references to the heaps of one block of images after another, on one thread.
///
/// For each block it is called in this order: ``start(block:rows:means:thresholds:)``, ``update(_:)``, ``finish()``. A
/// *slot* is the position of a row in its block.
struct HeapPassWorker {
    private let plan: HeapPassPlan
    private let change: ReferenceChange
    private let layout: StoreLayout
    private let k: Int
    private let storedHeaps: MappedHeaps
    private var pending: PendingEntryReader

    /// The row of the block's slot 0.
    private var firstRow = 0
    private var rowCount = 0
    /// The mean of each row of the block; +infinity for a row without an image.
    private var means: [Float] = []
    /// The threshold of each row of the block.
    private var thresholds: [Float] = []
    private var meansChanged = false
    private var thresholdsChanged = false
    private var result = HeapPassResult(block: 0)

    /// The heap that is being worked on.
    private var heap: ReferenceHeap
    /// The added references that enter the heap.
    private var newEntries: ReferenceHeap
    /// Working memory for pending entries.
    private var buffer: ReferenceHeap
    /// Working memory for the references that leave a heap.
    private var removed: [UInt32] = []

    /// - Parameters:
    ///   - layout: the sizes of the store's blocks and heaps.
    ///   - k: the number of similarities that a mean averages.
    ///   - heaps: mapped heaps, at least those that the worker will read.
    ///   - pending: the pending entries of all images that the worker will process.
    init(_ plan: HeapPassPlan, layout: StoreLayout, k: Int, heaps: MappedHeaps, pending: MappedPendingEntries) {
        self.plan = plan
        change = plan.change
        self.layout = layout
        self.k = k
        storedHeaps = heaps
        self.pending = PendingEntryReader(pending)
        heap = ReferenceHeap(capacity: layout.settings.capacity)
        newEntries = heap
        buffer = heap
    }

    /// Begins a block.
    ///
    /// - Parameters:
    ///   - block: the number of the block.
    ///   - rows: the number of its rows that were ever used; they are the first ones.
    ///   - means: the stored mean of each row of the block.
    ///   - thresholds: the stored threshold of each row of the block.
    mutating func start(block: Int, rows: Int, means: [Float], thresholds: [Float]) {
        firstRow = block * layout.rowsPerBlock
        rowCount = rows
        self.means = means
        self.thresholds = thresholds
        (meansChanged, thresholdsChanged) = (false, false)
        result = HeapPassResult(block: block)
    }

    /// Applies the change to the heaps of the block.
    ///
    /// - Parameter matches: the added references that enter the heaps.
    mutating func update(_ matches: BlockMatches) {
        guard plan.readsEveryHeap else {
            for (index, slot) in matches.slots.enumerated() where hasImage(slot) {
                matches.copy(index, into: &newEntries)
                pending.read(firstRow + slot..<firstRow + slot + 1)
                update(slot)
            }
            return
        }
        pending.read(firstRow..<firstRow + rowCount)
        var next = 0
        for slot in 0..<rowCount {
            newEntries.clear()
            if next < matches.slots.count, matches.slots[next] == slot {
                matches.copy(next, into: &newEntries)
                next += 1
            }
            if hasImage(slot), newEntries.count > 0 || canChange(slot) { update(slot) }
        }
    }

    /// Ends the block.
    ///
    /// - Returns: what must be stored; `nil` if nothing has changed.
    mutating func finish() -> HeapPassResult? {
        if meansChanged { result.means = means }
        if thresholdsChanged { result.thresholds = thresholds }
        return result.isEmpty ? nil : result
    }

    private func hasImage(_ slot: Int) -> Bool { means[slot] != .infinity }

    /// Whether the heap of a row, or its mean or threshold, can change although no reference enters the heap.
    private func canChange(_ slot: Int) -> Bool {
        if plan.changesEveryHeap { return true }
        let row = firstRow + slot
        let entries = pending.entries(of: row)
        if plan.storesHeaps, !entries.isEmpty { return true }
        guard !change.removed.isEmpty else { return false }
        return storedHeaps.contains(change.removed, row: row)
            || entries.contains { $0.kind == .addition && change.removed.contains($0.reference) }
    }

    /// Applies the change, with the added references in `newEntries`, to the heap of one row.
    private mutating func update(_ slot: Int) {
        let row = UInt32(firstRow + slot)
        let entries = pending.entries(of: firstRow + slot)
        storedHeaps.load(row: firstRow + slot, into: &heap)
        heap.apply(entries, using: &buffer)
        // A local variable, because the closure below can't change a property of `self` while `heap` changes.
        var removals: [UInt32] = []
        swap(&removals, &removed)
        defer { swap(&removals, &removed) }
        removals.removeAll(keepingCapacity: true)
        if !change.removed.isEmpty { _ = heap.remove(change.removed) { removals.append($0) } }
        let added = heap.merge(newEntries)
        if assign(&means[slot], heap.mean(k: k)) {
            meansChanged = true
            result.changedMeans.append(row)
        }
        if assign(&thresholds[slot], heap.threshold(references: change.countAfterChange)) { thresholdsChanged = true }
        if heap.isDeficient(k: k, references: change.countAfterChange) {
            result.deficient.append(row)
        } else if plan.storesHeaps {
            guard !removals.isEmpty || added > 0 || !entries.isEmpty else { return }
            result.rows.append(row)
            result.starts.append(result.heaps.count)
            heap.append(to: &result.heaps)
        } else {
            for reference in removals { PendingEntry.removal(reference, from: row).append(to: &result.entries) }
            for index in 0..<added {
                PendingEntry.addition(newEntries.rows[index], to: row, similarity: newEntries.similarities[index])
                    .append(to: &result.entries)
            }
        }
    }
}

/// Sets `value`.
///
/// - Returns: whether the new value differs.
private func assign(_ value: inout Float, _ new: Float) -> Bool {
    let isChanged = value != new
    value = new
    return isChanged
}

/// What must be stored after a pass over one block of images.
struct HeapPassResult {
    let block: Int
    /// The pending entries of the block's images, by ascending row, in their stored form.
    var entries: [UInt32] = []
    /// The rows of the images whose heaps are written, ascending.
    var rows: [UInt32] = []
    /// The heaps of these rows one after another in their stored form, as ``ReferenceHeap/append(to:)`` writes them.
    var heaps: [UInt32] = []
    /// For each of `rows` the index of the first word of its heap in `heaps`.
    var starts: [Int] = []
    /// The mean of each row of the block; `nil` if none has changed.
    var means: [Float]?
    /// The rows of the images whose means have changed, ascending.
    var changedMeans: [UInt32] = []
    /// The threshold of each row of the block; `nil` if none has changed.
    var thresholds: [Float]?
    /// The rows of the images whose heaps have fewer references than their means need.
    var deficient: [UInt32] = []

    /// Whether nothing must be stored.
    var isEmpty: Bool { entries.isEmpty && rows.isEmpty && means == nil && thresholds == nil && deficient.isEmpty }
}
