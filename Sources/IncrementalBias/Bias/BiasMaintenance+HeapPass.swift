internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// Updates every heap, mean and threshold for a change of the references, in one pass over the images.
    ///
    /// For each block of images: removed references are removed from the heaps, products with the added references that
    /// exceed an image's threshold are merged into its heap, and the heaps that changed are written. Images whose heaps
    /// then lack references that their means need are searched anew, all together. A heap holds more references than its
    /// mean needs, so that removals seldom cost a search. Source: Yi et al., "Efficient maintenance of materialized top-k
    /// views", ICDE 2003.
    ///
    /// - Parameters:
    ///   - images: the rows of the images.
    ///   - references: the rows of the references after the change; their vectors must be stored.
    /// - Returns: the number of images that were searched anew.
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

    /// Updates the heaps of some blocks of images, on all threads of the pool.
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
        let (layout, k, priority) = (layout, k, priority)
        let states = try pool.run(count: blocks.count) {
            (
                worker: try HeapPassWorker(layout: layout, k: k, heaps: heaps, priority: priority),
                results: [HeapPassResult]()
            )
        } body: { state, index in
            let block = blocks.lowerBound + index
            state.worker.start(
                block: block, rows: min(size, end - block * size),
                means: means.value(at: index, floats), thresholds: thresholds.value(at: index, floats))
            if change.concernsAll { state.worker.removeReferences(change) }
            if !change.addedRows.isEmpty {
                try codes.value(at: index) {
                    try state.worker.addReferences(change, coded, images: vectors, codes: $0)
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
