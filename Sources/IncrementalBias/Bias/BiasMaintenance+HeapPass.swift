internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// Updates every heap, mean and threshold for a change of the references, in one pass over the images.
    ///
    /// For each block of images:
    ///
    /// 1. The added references whose similarities exceed the images' thresholds are found.
    /// 2. The removed references leave the heaps, and those found are merged into them.
    /// 3. The means and thresholds that changed are written. The changes of the heaps are recorded as pending entries,
    ///    in *runs*; heaps *absorb* them later, that is, are written with them. If there are very many changes, the
    ///    heaps are written at once instead.
    ///
    /// Some heaps may then hold fewer references than their means need. After the pass, these get new heaps by a search
    /// over all references. A heap can hold more references than its mean needs, so that removals rarely need a search.
    ///
    /// Source: Yi et al., "Efficient maintenance of materialized top-k views", ICDE 2003.
    ///
    /// - Parameters:
    ///   - images: the counts of the images' rows.
    ///   - references: the counts of the references' rows after the change. The new vectors must be stored already.
    /// - Returns: the number of images that got a new heap by a search, and the rows of the images whose means changed.
    /// - Throws: `CancellationError` if the commit is interrupted, or `LMDBError`.
    func apply(
        _ change: ReferenceChange, images: StoreState.RowCounts, references: StoreState.RowCounts,
        in transaction: borrowing WriteTransaction
    ) throws -> (refilledHeaps: Int, changedMeans: [UInt32]) {
        var pending = try pendingRuns(images: images, in: transaction)
        let plan = HeapPassPlan(change, images: images, pending: pending, layout: layout)
        var writer = plan.storesHeaps ? nil : pending.makeWriter()
        let (deficient, changedMeans) = try updateAllImages(
            plan, images: images, pending: &pending, writer: &writer, in: transaction)
        if let run = try writer?.finish(in: transaction) {
            pending.append(run)
        } else {
            // Every heap with pending entries was written, and contains them.
            try pending.removeAll(in: transaction)
        }
        for start in stride(from: 0, to: deficient.count, by: Self.imagesPerBatch) {
            let rows = Array(deficient[start..<min(start + Self.imagesPerBatch, deficient.count)])
            let values = try vectors(.images).read(rows: rows, in: transaction)
            try buildHeaps(rows: rows, values: values, references: references, in: transaction)
        }
        try appendResets(of: deficient, to: &pending, in: transaction)
        try finish(&pending, in: transaction)
        return (deficient.count, changedMeans + deficient)
    }

    /// Updates all images, some blocks at a time, and writes the results.
    ///
    /// If there are more pending entries than expected, a run ends and heaps absorb entries before the next blocks.
    ///
    /// - Parameter writer: gets the pending entries; `nil` to write the heaps instead.
    /// - Returns: the rows of the images whose heaps have fewer references than their means need, and of the images
    ///   whose means have changed, both ascending.
    private func updateAllImages(
        _ plan: HeapPassPlan, images: StoreState.RowCounts, pending: inout PendingRuns, writer: inout PendingRunWriter?,
        in transaction: borrowing WriteTransaction
    ) throws -> (deficient: [UInt32], changedMeans: [UInt32]) {
        var (deficient, changedMeans): ([UInt32], [UInt32]) = ([], [])
        let blocks = layout.blocks(for: images.end)
        let blocksPerBatch = max(1, plan.imagesPerBatch / layout.rowsPerBlock)
        let change = plan.change
        // With alpha 1 and an image's threshold as its mean, the score of a pair is its similarity minus the threshold.
        let referenceCodes = QueryCodes(
            change.addedValues, alphas: Array(repeating: 1, count: change.addedRows.count),
            bases: try codes.bases(in: transaction), layout: layout.codes, for: [ThresholdFilter.scanKind])
        for start in stride(from: 0, to: blocks, by: blocksPerBatch) {
            let batch = start..<min(start + blocksPerBatch, blocks)
            let matches = try matches(change, referenceCodes, blocks: batch, end: images.end, in: transaction)
            let results = try computeUpdates(
                plan, matches, blocks: batch, end: images.end, pending: pending, in: transaction)
            for result in results {
                try writer?.append(result.entries, in: transaction)
                try heaps.write(result.heaps, starts: result.starts, rows: result.rows, in: transaction)
                if let means = result.means { try self.means.write(block: result.block, means, in: transaction) }
                if let thresholds = result.thresholds {
                    try self.thresholds.write(block: result.block, thresholds, in: transaction)
                }
                deficient += result.deficient
                changedMeans += result.changedMeans
            }
            if let entries = writer?.entryCount, pending.wouldExceedLimit(adding: entries) {
                if let run = try writer?.finish(in: transaction) { pending.append(run) }
                try absorb(&pending, in: transaction)
                writer = pending.makeWriter()
            }
        }
        return (deficient, changedMeans)
    }

    /// Computes the changes of the heaps in some blocks of images, on all threads of the pool.
    ///
    /// - Parameters:
    ///   - matches: the added references that enter heaps of these blocks.
    ///   - end: the number of image rows that were ever used.
    /// - Returns: what must be stored, by ascending block. Blocks that do not change are left out.
    private func computeUpdates(
        _ plan: HeapPassPlan, _ matches: [BlockMatches], blocks: Range<Int>, end: Int, pending: PendingRuns,
        in transaction: borrowing WriteTransaction
    ) throws -> [HeapPassResult] {
        let rowsPerBlock = layout.rowsPerBlock
        let rows = blocks.lowerBound * rowsPerBlock..<min(end, blocks.upperBound * rowsPerBlock)
        // The matches of all blocks, or only of the blocks that have some.
        var visited = matches
        if plan.readsEveryHeap {
            visited = blocks.map(BlockMatches.init(block:))
            for found in matches { visited[found.block - blocks.lowerBound] = found }
        }
        guard !visited.isEmpty else { return [] }
        let means = try means.mapped(blocks: blocks, in: transaction)
        let thresholds = try thresholds.mapped(blocks: blocks, in: transaction)
        guard means.isComplete, thresholds.isComplete else { throw StoreError.damaged("a block of images is missing") }
        let heaps =
            try plan.readsEveryHeap
            ? heaps.mapped(rows: rows, in: transaction)
            : heaps.mapped(rows: visited.lazy.flatMap { $0.rows(perBlock: rowsPerBlock) }, in: transaction)
        let entries = try pending.mapped(rows: rows, in: transaction)
        let (layout, k, pieces) = (layout, k, visited)
        let states = try pool.run(count: pieces.count) {
            (
                worker: HeapPassWorker(plan, layout: layout, k: k, heaps: heaps, pending: entries),
                results: [HeapPassResult]()
            )
        } body: { state, index in
            let block = pieces[index].block
            state.worker.start(
                block: block, rows: min(rowsPerBlock, end - block * rowsPerBlock),
                means: means.value(at: block - blocks.lowerBound, NumberView.floats),
                thresholds: thresholds.value(at: block - blocks.lowerBound, NumberView.floats))
            state.worker.update(pieces[index])
            if let result = state.worker.finish() { state.results.append(result) }
        }
        return states.flatMap(\.results).sorted { $0.block < $1.block }
    }
}

extension BlockMatches {
    /// The rows of the images whose heaps an added reference enters.
    fileprivate func rows(perBlock rowsPerBlock: Int) -> [UInt32] {
        slots.map { UInt32(block * rowsPerBlock + $0) }
    }
}
