internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// Updates every heap, mean and threshold for a change of the references, in one pass over the images.
    ///
    /// For each block of images:
    ///
    /// 1. The removed references leave the heaps.
    /// 2. Each added reference whose similarity exceeds an image's threshold is merged into the image's heap.
    /// 3. The heaps that changed are written.
    ///
    /// Some heaps may then hold fewer references than their means need. After the pass, these get new heaps by a search
    /// over all references. A heap can hold more references than its mean needs, so that removals rarely need a search.
    ///
    /// Source: Yi et al., "Efficient maintenance of materialized top-k views", ICDE 2003.
    ///
    /// - Parameters:
    ///   - images: the counts of the images' rows.
    ///   - references: the counts of the references' rows after the change. The new vectors must be stored already.
    /// - Returns: the number of images that got a new heap by a search.
    /// - Throws: `CancellationError` if the commit is interrupted, or `LMDBError`.
    @discardableResult
    func apply(
        _ change: ReferenceChange, images: StoreState.RowCounts, references: StoreState.RowCounts,
        in transaction: borrowing WriteTransaction
    ) throws -> Int {
        var deficient: [UInt32] = []
        let blocks = layout.blocks(for: images.end)
        let blocksPerBatch = max(1, Self.imagesPerBatch / layout.rowsPerBlock)
        let referenceCodes = CodedQueries(
            change.addedValues.span, alphas: Array(repeating: 1, count: change.addedRows.count), layout: layout.codes)
        for start in stride(from: 0, to: blocks, by: blocksPerBatch) {
            let batch = start..<min(start + blocksPerBatch, blocks)
            for result in try pass(change, referenceCodes, blocks: batch, end: images.end, in: transaction) {
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

    /// Computes the new heaps of some blocks of images, on all threads of the pool.
    ///
    /// - Parameters:
    ///   - referenceCodes: the codes of the added references.
    ///   - end: the number of image rows that were ever used.
    /// - Returns: what must be stored, by ascending block. Blocks that do not change are left out.
    private func pass(
        _ change: ReferenceChange, _ referenceCodes: CodedQueries, blocks: Range<Int>, end: Int,
        in transaction: borrowing WriteTransaction
    ) throws -> [HeapPassResult] {
        let rowsPerBlock = layout.rowsPerBlock
        let rows = blocks.lowerBound * rowsPerBlock..<min(end, blocks.upperBound * rowsPerBlock)
        let vectors = try vectors(.images).mapped(rows, in: transaction)
        let codes = try codes.mapped(blocks: blocks, in: transaction)
        let means = try means.mapped(blocks: blocks, in: transaction)
        let thresholds = try thresholds.mapped(blocks: blocks, in: transaction)
        let heaps = try heaps.mapped(rows: rows, in: transaction)
        let (layout, k, priority) = (layout, k, priority)
        let states = try pool.run(count: blocks.count) {
            (
                worker: try HeapPassWorker(layout: layout, k: k, heaps: heaps, priority: priority),
                results: [HeapPassResult]()
            )
        } body: { state, index in
            let block = blocks.lowerBound + index
            state.worker.start(
                block: block, rows: min(rowsPerBlock, end - block * rowsPerBlock),
                means: means.value(at: index, floats), thresholds: thresholds.value(at: index, floats))
            if change.readsEveryHeap { state.worker.removeReferences(change) }
            if !change.addedRows.isEmpty {
                try codes.value(at: index) {
                    try state.worker.addReferences(
                        change, referenceCodes: referenceCodes, imageVectors: vectors, imageCodes: $0)
                }
            }
            if let result = state.worker.finish(change) { state.results.append(result) }
        }
        return states.flatMap(\.results).sorted { $0.block < $1.block }
    }
}

/// Copies stored floats into an array.
private func floats(_ bytes: RawSpan) -> [Float] {
    NumberView.withFloats(bytes) { floats in floats.indices.map { floats[$0] } }
}
