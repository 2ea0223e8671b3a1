internal import Similarity

/// One thread's part in a pass over the heaps: takes blocks of images through a change of the references.
///
/// The calls for each block, in order: ``start(block:rows:means:thresholds:)``, ``takeOut(_:)``,
/// ``bringIn(_:images:)``, ``finish(_:)``.
struct HeapPassWorker {
    private let layout: StoreLayout
    private let k: Int
    private let heaps: PinnedHeaps
    private let gate: SearchGate
    private let search: ExhaustiveSearch

    private var firstRow = 0
    private var means: [Float] = []
    private var thresholds: [Float] = []
    /// The heaps that changed, as words, and where that of each row starts: `nil` where it stands as stored.
    private var staged: [UInt32] = []
    private var stagedAt: [Int?] = []

    private var heap: Heap
    private var vectors: [Float] = []
    private var found: Heap

    /// References multiplied at a time; between two such pieces a search may go first.
    private static let referencesPerStep = 512

    init(layout: StoreLayout, k: Int, heaps: PinnedHeaps, gate: SearchGate) throws {
        self.layout = layout
        self.k = k
        self.heaps = heaps
        self.gate = gate
        let capacity = layout.settings.capacity
        search = try ExhaustiveSearch(rows: layout.rowsPerBlock, capacity: capacity)
        heap = Heap(capacity: capacity)
        found = heap
    }

    /// Begins a block, of which the first `rows` rows were ever used, with its columns as stored.
    mutating func start(block: Int, rows: Int, means: [Float], thresholds: [Float]) {
        firstRow = block * layout.rowsPerBlock
        self.means = means
        self.thresholds = thresholds
        staged.removeAll(keepingCapacity: true)
        stagedAt = Array(repeating: nil, count: rows)
    }

    /// Takes the references that leave out of the heaps, and sets the thresholds for those that come.
    mutating func takeOut(_ change: ReferenceChange) {
        for slot in stagedAt.indices where isImage(slot) {
            load(slot)
            if heap.remove(change.removed) > 0 { stage(slot) }
            thresholds[slot] = heap.threshold(references: change.countBetween)
        }
    }

    /// Lets the references that come into the heaps they belong to.
    ///
    /// - Parameter images: the stored vectors of images, the block's among them.
    mutating func bringIn(_ change: ReferenceChange, images: PinnedVectors) throws {
        let dimension = layout.dimension
        let rows = stagedAt.count
        images.copy(firstRow..<firstRow + rows, to: &vectors)
        search.begin(thresholds: thresholds.span.extracting(first: rows))
        for start in stride(from: 0, to: change.addedRows.count, by: Self.referencesPerStep) {
            try gate.pass()
            let end = min(start + Self.referencesPerStep, change.addedRows.count)
            try search.add(
                vectors.span.extracting(first: rows * dimension),
                columns: change.addedValues.span.extracting(start * dimension..<end * dimension),
                dimension: dimension, firstColumn: UInt32(start))
        }
        for slot in stagedAt.indices where isImage(slot) {
            found.take(from: search, row: slot)
            guard found.count > 0 else { continue }
            found.renameRows { change.addedRows[Int($0)] }
            load(slot)
            heap.merge(found)
            stage(slot)
        }
    }

    /// What became of the block; `nil` if nothing changed.
    mutating func finish(_ change: ReferenceChange) -> HeapPassResult? {
        guard change.concernsAll || !staged.isEmpty else { return nil }
        var result = HeapPassResult(block: firstRow / layout.rowsPerBlock)
        for slot in stagedAt.indices where isImage(slot) && (change.concernsAll || stagedAt[slot] != nil) {
            load(slot)
            if stagedAt[slot] != nil {
                result.rows.append(UInt32(firstRow + slot))
                heap.append(to: &result.heaps)
            }
            means[slot] = heap.mean(k: k)
            thresholds[slot] = heap.threshold(references: change.count)
            if heap.isDeficient(k: k, references: change.count) { result.deficient.append(UInt32(firstRow + slot)) }
        }
        result.means = means
        result.thresholds = thresholds
        return result
    }

    private func isImage(_ slot: Int) -> Bool { means[slot] != .infinity }

    private mutating func load(_ slot: Int) {
        if let offset = stagedAt[slot] {
            let staged = staged
            heap.load(staged.span, at: offset)
        } else {
            heaps.load(row: firstRow + slot, into: &heap)
        }
    }

    private mutating func stage(_ slot: Int) {
        stagedAt[slot] = staged.count
        heap.append(to: &staged)
    }
}

/// What became of one block of images in a pass.
struct HeapPassResult {
    let block: Int
    /// The images whose heaps changed, rising, and their heaps, as ``Heap/append(to:)`` writes them.
    var rows: [UInt32] = []
    var heaps: [UInt32] = []
    /// The columns of the block.
    var means: [Float] = []
    var thresholds: [Float] = []
    /// The images whose heaps lack references that their biases need.
    var deficient: [UInt32] = []
}
