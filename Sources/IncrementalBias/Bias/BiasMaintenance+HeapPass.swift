internal import LMDB
internal import ShardFormats
internal import VectorMath

/// A change to the set of references.
struct ReferenceChange {
    /// Rows whose vectors leave.
    var removed = RowSet()
    /// Rows whose vectors come, which may be among those that leave.
    var addedRows: [UInt32] = []
    /// The vectors that come, addedRows.count x dimension, as they are stored.
    var addedValues: [Float] = []
    /// How many references there are between leaving and coming.
    var countBetween: Int
    /// How many there are in the end.
    var count: Int
    /// Whether every mean must be computed anew because `k` is another one.
    var kChanged = false

    /// Whether every heap must be looked at, not only those that a new reference enters.
    var concernsAll: Bool { !removed.isEmpty || kChanged }
}

extension BiasMaintenance {
    /// Brings every heap, mean and threshold up to date with a change of the references.
    ///
    /// One pass over the images, block by block. In each: what leaves is taken out of the heaps; one matrix product
    /// with what comes, filtered by the thresholds, finds what enters; only heaps that changed are written.
    /// Images whose heap then lacks what its bias needs are searched anew, all together. (The scheme of keeping more
    /// entries than needed, so that losses seldom cost a search: Yi et al., "Efficient maintenance of materialized
    /// top-k views", ICDE 2003.)
    ///
    /// - Parameters:
    ///   - images: the rows of the images.
    ///   - references: the rows of the references after the change; their vectors must be stored.
    /// - Returns: how many heaps were searched anew.
    @discardableResult
    func apply(
        _ change: ReferenceChange, images: StoreState.Rows, references: StoreState.Rows,
        in transaction: borrowing WriteTransaction
    ) throws -> Int {
        var deficient: [UInt32] = []
        let blocks = layout.blocks(for: images.end)
        let step = max(1, Self.imagesPerBatch / layout.rowsPerBlock)
        let coded = CodedQueries(
            change.addedValues.span, alphas: Array(repeating: 1, count: change.addedRows.count), layout: layout.codes)
        for start in stride(from: 0, to: blocks, by: step) {
            let batch = start..<min(start + step, blocks)
            for result in try pass(change, coded, blocks: batch, end: images.end, in: transaction) {
                try heaps.write(result.heaps, starts: result.starts, rows: result.rows, in: transaction)
                try means.write(block: result.block, result.means, in: transaction)
                try thresholds.write(block: result.block, result.thresholds, in: transaction)
                deficient += result.deficient
            }
        }
        for start in stride(from: 0, to: deficient.count, by: Self.imagesPerBatch) {
            let rows = Array(deficient[start..<min(start + Self.imagesPerBatch, deficient.count)])
            let values = try vectors(.images).read(rows: rows, in: transaction)
            try buildHeaps(rows: rows, values: values, references: references, in: transaction)
        }
        return deficient.count
    }

    private func pass(
        _ change: ReferenceChange, _ coded: CodedQueries, blocks: Range<Int>, end: Int,
        in transaction: borrowing WriteTransaction
    ) throws -> [HeapPassResult] {
        let size = layout.rowsPerBlock
        let rows = blocks.lowerBound * size..<min(end, blocks.upperBound * size)
        let vectors = try vectors(.images).mapped(rows, in: transaction)
        let codes = try codes.mapped(blocks: blocks, in: transaction)
        let means = try means.mapped(blocks: blocks, in: transaction)
        let thresholds = try thresholds.mapped(blocks: blocks, in: transaction)
        let heaps = try heaps.mapped(rows: rows, in: transaction)
        let (layout, k, gate) = (layout, k, gate)
        let states = try pool.run(count: blocks.count) {
            (worker: try HeapPassWorker(layout: layout, k: k, heaps: heaps, gate: gate), results: [HeapPassResult]())
        } body: { state, index in
            let block = blocks.lowerBound + index
            state.worker.start(
                block: block, rows: min(size, end - block * size),
                means: means.value(at: index, floats), thresholds: thresholds.value(at: index, floats))
            if change.concernsAll { state.worker.takeOut(change) }
            if !change.addedRows.isEmpty {
                try codes.value(at: index) { try state.worker.bringIn(change, coded, images: vectors, codes: $0) }
            }
            if let result = state.worker.finish(change) { state.results.append(result) }
        }
        return states.flatMap(\.results).sorted { $0.block < $1.block }
    }
}

/// Stored floats as an array of their own.
private func floats(_ bytes: RawSpan) -> [Float] {
    NumberView.withFloats(bytes) { floats in floats.indices.map { floats[$0] } }
}
