internal import LMDB

extension BiasMaintenance {
    /// The runs of pending entries, to be changed in this transaction.
    func pendingRuns(images: StoreState.RowCounts, in transaction: borrowing WriteTransaction) throws -> PendingRuns {
        try PendingRuns(
            PendingTable(database: tables.pendingEntries, heaps: layout.heaps), limits: limits, end: images.end,
            in: transaction)
    }

    /// Records that the heaps of images have been stored anew, so that their earlier pending entries have no effect.
    ///
    /// - Parameters:
    ///   - rows: the rows of the images, in any order.
    ///   - images: the counts of the images' rows.
    func resetPendingEntries(
        of rows: [UInt32], images: StoreState.RowCounts, in transaction: borrowing WriteTransaction
    ) throws {
        guard !rows.isEmpty else { return }
        var pending = try pendingRuns(images: images, in: transaction)
        try appendResets(of: rows, to: &pending, in: transaction)
        try finish(&pending, in: transaction)
    }

    /// Appends a run that resets the entries of `rows`, if there are runs.
    func appendResets(
        of rows: [UInt32], to pending: inout PendingRuns, in transaction: borrowing WriteTransaction
    ) throws {
        guard !rows.isEmpty, !pending.isEmpty else { return }
        var words: [UInt32] = []
        words.reserveCapacity(rows.count * PendingEntry.words)
        for row in rows.sorted() { PendingEntry.reset(row).append(to: &words) }
        var writer = pending.makeWriter()
        try writer.append(words, in: transaction)
        pending.append(try writer.finish(in: transaction))
    }

    /// Stores pending entries in heaps if there are too many, merges runs, and stores the directory.
    func finish(_ pending: inout PendingRuns, in transaction: borrowing WriteTransaction) throws {
        try absorb(&pending, in: transaction)
        try pending.tidy(in: transaction)
        try pending.save(in: transaction)
    }

    /// Stores pending entries in heaps until there are few enough.
    func absorb(_ pending: inout PendingRuns, in transaction: borrowing WriteTransaction) throws {
        while let rows = pending.rowsToAbsorb(maximumRows: Self.imagesPerBatch) {
            let parts = try heapsWithEntries(rows, pending, in: transaction)
            for part in parts { try heaps.write(part.heaps, starts: part.starts, rows: part.rows, in: transaction) }
            pending.markAbsorbed(rows: rows, entries: parts.reduce(0) { $0 + $1.entryCount })
        }
    }

    /// Computes the heaps of a range of rows that have pending entries, on all threads of the pool.
    ///
    /// - Returns: the heaps in several parts, by ascending rows.
    private func heapsWithEntries(
        _ rows: Range<Int>, _ pending: PendingRuns, in transaction: borrowing WriteTransaction
    ) throws -> [AbsorbedHeaps] {
        let heaps = try heaps.mapped(rows: rows, in: transaction)
        let entries = try pending.mapped(rows: rows, in: transaction)
        let (capacity, size) = (layout.settings.capacity, Self.rowsPerPiece)
        return try pool.run(count: (rows.count + size - 1) / size) {
            (
                reader: PendingEntryReader(entries), heap: ReferenceHeap(capacity: capacity),
                buffer: ReferenceHeap(capacity: capacity), parts: [AbsorbedHeaps]()
            )
        } body: { state, piece in
            let first = rows.lowerBound + piece * size
            let range = first..<min(first + size, rows.upperBound)
            state.reader.read(range)
            var part = AbsorbedHeaps(firstRow: first, entryCount: state.reader.entries.count)
            for row in range {
                let entries = state.reader.entries(of: row)
                // After a reset without later entries, the stored heap is right already.
                guard let last = entries.last, last.kind != .reset else { continue }
                heaps.load(row: row, into: &state.heap)
                state.heap.apply(entries, using: &state.buffer)
                part.rows.append(UInt32(row))
                part.starts.append(part.heaps.count)
                state.heap.append(to: &part.heaps)
            }
            state.parts.append(part)
        }.flatMap(\.parts).sorted { $0.firstRow < $1.firstRow }
    }

    /// The number of rows that a thread of the pool processes at a time.
    private static let rowsPerPiece = 512
}

/// Heaps that contain their pending entries, and are not yet stored.
private struct AbsorbedHeaps {
    let firstRow: Int
    /// The number of pending entries of all rows of the range.
    let entryCount: Int
    /// The rows with pending entries, ascending.
    var rows: [UInt32] = []
    /// The heaps one after another in their stored form, as ``ReferenceHeap/append(to:)`` writes them.
    var heaps: [UInt32] = []
    /// For each of `rows` the index of the first word of its heap in `heaps`.
    var starts: [Int] = []
}
