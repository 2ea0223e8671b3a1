internal import LMDB
internal import VectorMath

/// One thread's part in a pass over the heaps: takes blocks of images through a change of the references.
///
/// The calls for each block, in order: ``start(block:rows:means:thresholds:)``, ``takeOut(_:)``,
/// ``bringIn(_:_:images:codes:)``, ``finish(_:)``.
struct HeapPassWorker {
    private let layout: StoreLayout
    private let k: Int
    private let heaps: MappedHeaps
    private var finder: CandidateFilter

    private var firstRow = 0
    private var means: [Float] = []
    private var thresholds: [Float] = []
    /// The heaps that changed, as words, and where that of each row starts: `nil` where it stands as stored.
    private var staged: [UInt32] = []
    private var stagedAt: [Int?] = []

    private var heap: ReferenceHeap
    private var entering: ReferenceHeap

    init(layout: StoreLayout, k: Int, heaps: MappedHeaps, gate: SearchGate) throws {
        self.layout = layout
        self.k = k
        self.heaps = heaps
        finder = try CandidateFilter(layout: layout, gate: gate)
        heap = ReferenceHeap(capacity: layout.settings.capacity)
        entering = heap
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
    /// - Parameters:
    ///   - coded: the vectors that come as codes.
    ///   - images: the stored vectors of images, the block's among them.
    ///   - codes: the block in coded form.
    mutating func bringIn(
        _ change: ReferenceChange, _ coded: CodedQueries, images: MappedVectors, codes: RawSpan
    ) throws {
        try finder.find(
            change, coded, rows: firstRow..<firstRow + stagedAt.count, thresholds: thresholds, images: images,
            codes: codes)
        for slot in stagedAt.indices where isImage(slot) {
            finder.take(slot, into: &entering)
            guard entering.count > 0 else { continue }
            entering.renameRows { change.addedRows[Int($0)] }
            load(slot)
            heap.merge(entering)
            stage(slot)
        }
    }

    /// What became of the block; `nil` if nothing changed.
    mutating func finish(_ change: ReferenceChange) -> HeapPassResult? {
        guard change.concernsAll || !staged.isEmpty else { return nil }
        var result = HeapPassResult(block: firstRow / layout.rowsPerBlock)
        for slot in stagedAt.indices where isImage(slot) {
            if let start = stagedAt[slot] {
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
        swap(&result.heaps, &staged)
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
        if let start = stagedAt[slot] {
            heap.store(to: &staged, at: start)
        } else {
            stagedAt[slot] = staged.count
            heap.append(to: &staged)
        }
    }
}

/// What became of one block of images in a pass.
struct HeapPassResult {
    let block: Int
    /// The images whose heaps changed, rising.
    var rows: [UInt32] = []
    /// Their heaps, as ``Heap/append(to:)`` writes them, and where each one starts.
    var heaps: [UInt32] = []
    var starts: [Int] = []
    /// The columns of the block.
    var means: [Float] = []
    var thresholds: [Float] = []
    /// The images whose heaps lack references that their biases need.
    var deficient: [UInt32] = []
}
