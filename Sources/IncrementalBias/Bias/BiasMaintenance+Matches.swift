internal import LMDB
internal import ShardFormats
internal import VectorMath

extension BiasMaintenance {
    /// Finds the added references that exceed the thresholds of images in some blocks, on all threads of the pool.
    ///
    /// The thresholds are those before the change. A reference that leaves a heap can only raise its threshold. A heap
    /// that is not complete has all references above its threshold, so an added reference above it may enter the heap
    /// even if the new threshold is higher.
    ///
    /// - Parameters:
    ///   - referenceCodes: the codes of the added references.
    ///   - end: the number of image rows that were ever used.
    /// - Returns: by ascending block the matches of the blocks that have some.
    func matches(
        _ change: ReferenceChange, _ referenceCodes: QueryCodes, blocks: Range<Int>, end: Int,
        in transaction: borrowing WriteTransaction
    ) throws -> [BlockMatches] {
        guard !change.addedRows.isEmpty else { return [] }
        let rowsPerBlock = layout.rowsPerBlock
        let rows = blocks.lowerBound * rowsPerBlock..<min(end, blocks.upperBound * rowsPerBlock)
        let vectors = try vectors(.images).mapped(rows, in: transaction)
        let codes = try codes.mapped(blocks: blocks, in: transaction)
        let thresholds = try thresholds.mapped(blocks: blocks, in: transaction)
        guard codes.isComplete, thresholds.isComplete else { throw StoreError.damaged("a block of images is missing") }
        let (layout, priority) = (layout, priority)
        let states = try pool.run(count: blocks.count) {
            (
                filter: try ThresholdFilter(layout: layout, priority: priority),
                entries: ReferenceHeap(capacity: layout.settings.capacity), matches: [BlockMatches]()
            )
        } body: { state, index in
            let firstRow = (blocks.lowerBound + index) * rowsPerBlock
            let rows = firstRow..<min(firstRow + rowsPerBlock, end)
            let limits = thresholds.value(at: index, NumberView.floats)
            try codes.value(at: index) { block in
                try state.filter.find(
                    change, referenceCodes: try referenceCodes.queries(for: block), rows: rows,
                    thresholds: limits, imageVectors: vectors, imageCodes: block)
            }
            var found = BlockMatches(block: blocks.lowerBound + index)
            for slot in 0..<rows.count where limits[slot] != .infinity {
                state.filter.copyMatches(of: slot, into: &state.entries)
                guard state.entries.count > 0 else { continue }
                state.entries.mapRows { change.addedRows[Int($0)] }
                found.append(state.entries, slot: slot)
            }
            if !found.slots.isEmpty { state.matches.append(found) }
        }
        return states.flatMap(\.matches).sorted { $0.block < $1.block }
    }
}
