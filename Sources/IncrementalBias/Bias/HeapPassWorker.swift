internal import VectorMath

/// Applies a change of the references to the heaps of one block of images after another, on one thread.
///
/// For each block it is called in this order: ``start(block:rows:means:thresholds:)``, ``removeReferences(_:)``,
/// ``addReferences(_:referenceCodes:imageVectors:imageCodes:)``, ``finish(_:)``. The two calls in the middle can be
/// left out. A *slot* is the position of a row in its block.
struct HeapPassWorker {
    private let layout: StoreLayout
    private let k: Int
    private let storedHeaps: MappedHeaps
    private var filter: ThresholdFilter

    /// The row of the block's slot 0.
    private var firstRow = 0
    /// The mean of each row of the block; +infinity for a row without an image.
    private var means: [Float] = []
    /// The threshold of each row of the block.
    private var thresholds: [Float] = []
    /// The heaps of the block that have changed, one after another in their stored form.
    private var changedHeaps: [UInt32] = []
    /// For each slot the index of the first word of its heap in `changedHeaps`; `nil` if the heap has not changed.
    private var changedHeapStarts: [Int?] = []

    /// The heap that is being worked on.
    private var heap: ReferenceHeap
    /// The added references that match one image, in the form of a heap.
    private var newEntries: ReferenceHeap

    /// - Parameters:
    ///   - layout: the sizes of the store's blocks and heaps.
    ///   - k: the number of similarities that a mean averages.
    ///   - heaps: mapped heaps, at least those of the blocks that the worker will process.
    ///   - priority: the priority of searches, to which long loops yield.
    init(layout: StoreLayout, k: Int, heaps: MappedHeaps, priority: SearchPriority) throws {
        self.layout = layout
        self.k = k
        storedHeaps = heaps
        filter = try ThresholdFilter(layout: layout, priority: priority)
        heap = ReferenceHeap(capacity: layout.settings.capacity)
        newEntries = heap
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
        self.means = means
        self.thresholds = thresholds
        changedHeaps.removeAll(keepingCapacity: true)
        changedHeapStarts = Array(repeating: nil, count: rows)
    }

    /// Removes the removed references from all heaps of the block, and updates the thresholds for the added references.
    mutating func removeReferences(_ change: ReferenceChange) {
        for slot in changedHeapStarts.indices where hasImage(slot) {
            loadHeap(slot)
            if heap.remove(change.removed) > 0 { keepChangedHeap(slot) }
            thresholds[slot] = heap.threshold(references: change.countAfterRemoval)
        }
    }

    /// Merges each added reference into the heaps whose thresholds its similarity exceeds.
    ///
    /// - Parameters:
    ///   - referenceCodes: the codes of the added references.
    ///   - imageVectors: mapped vectors, at least those of the block's images.
    ///   - imageCodes: the block of the images' codes.
    mutating func addReferences(
        _ change: ReferenceChange, referenceCodes: CodedQueries, imageVectors: MappedVectors, imageCodes: RawSpan
    ) throws {
        try filter.find(
            change, referenceCodes: referenceCodes, rows: firstRow..<firstRow + changedHeapStarts.count,
            thresholds: thresholds, imageVectors: imageVectors, imageCodes: imageCodes)
        for slot in changedHeapStarts.indices where hasImage(slot) {
            filter.copyMatches(of: slot, into: &newEntries)
            guard newEntries.count > 0 else { continue }
            newEntries.mapRows { change.addedRows[Int($0)] }
            loadHeap(slot)
            heap.merge(newEntries)
            keepChangedHeap(slot)
        }
    }

    /// Ends the block.
    ///
    /// - Returns: what must be stored; `nil` if nothing has changed.
    mutating func finish(_ change: ReferenceChange) -> HeapPassResult? {
        guard change.readsEveryHeap || !changedHeaps.isEmpty else { return nil }
        var result = HeapPassResult(block: firstRow / layout.rowsPerBlock)
        for slot in changedHeapStarts.indices where hasImage(slot) {
            if let start = changedHeapStarts[slot] {
                result.rows.append(UInt32(firstRow + slot))
                result.starts.append(start)
            } else if !change.readsEveryHeap {
                continue
            }
            loadHeap(slot)
            means[slot] = heap.mean(k: k)
            thresholds[slot] = heap.threshold(references: change.countAfterChange)
            if heap.isDeficient(k: k, references: change.countAfterChange) {
                result.deficient.append(UInt32(firstRow + slot))
            }
        }
        swap(&result.heaps, &changedHeaps)
        result.means = means
        result.thresholds = thresholds
        return result
    }

    private func hasImage(_ slot: Int) -> Bool { means[slot] != .infinity }

    /// Loads the current heap of a row into `heap`.
    private mutating func loadHeap(_ slot: Int) {
        if let start = changedHeapStarts[slot] {
            let changedHeaps = changedHeaps
            heap.load(changedHeaps.span, at: start)
        } else {
            storedHeaps.load(row: firstRow + slot, into: &heap)
        }
    }

    /// Stores `heap` as the changed heap of a row.
    private mutating func keepChangedHeap(_ slot: Int) {
        if let start = changedHeapStarts[slot] {
            heap.store(to: &changedHeaps, at: start)
        } else {
            changedHeapStarts[slot] = changedHeaps.count
            heap.append(to: &changedHeaps)
        }
    }
}

/// What must be stored after a pass over one block of images.
struct HeapPassResult {
    let block: Int
    /// The rows of the images whose heaps have changed, ascending.
    var rows: [UInt32] = []
    /// The changed heaps one after another in their stored form, as ``ReferenceHeap/append(to:)`` writes them.
    var heaps: [UInt32] = []
    /// For each of `rows` the index of the first word of its heap in `heaps`.
    var starts: [Int] = []
    /// The mean of each row of the block.
    var means: [Float] = []
    /// The threshold of each row of the block.
    var thresholds: [Float] = []
    /// The rows of the images whose heaps have fewer references than their means need.
    var deficient: [UInt32] = []
}
