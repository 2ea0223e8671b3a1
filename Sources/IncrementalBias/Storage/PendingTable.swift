internal import LMDB
internal import VectorMath

/// The pending entries of the heaps: one value with a ``PendingDirectory``, and the chunks of the runs.
///
/// Key 0 has the directory. Key (number of the run) x 2^24 + (number of the chunk) has a chunk: entries by ascending
/// row of their images, and those of one image in the order of effect.
struct PendingTable {
    let database: Database
    let heaps: HeapLayout

    private static let directoryKey: UInt64 = 0

    /// The directory; `nil` if the store has never had pending entries.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if it can't be read.
    func directory(in transaction: borrowing some Transaction & ~Copyable) throws -> PendingDirectory? {
        try transaction.value(database, Self.directoryKey) { bytes in
            let words = (0..<bytes.byteCount / 8).map { NumberView.uint64(bytes.extracting($0 * 8..<$0 * 8 + 8)) }
            guard bytes.byteCount % 8 == 0, let directory = PendingDirectory(words) else {
                throw StoreError.damaged("the directory of pending heap entries is impossible")
            }
            return directory
        }
    }

    /// Stores the directory.
    func write(_ directory: PendingDirectory, in transaction: borrowing WriteTransaction) throws {
        try transaction.put(database, Self.directoryKey, directory.encoded.span)
    }

    /// The entries of some runs for the images in `rows`, mapped.
    ///
    /// - Parameters:
    ///   - runs: the runs to read, in the order of their effect.
    ///   - directory: says which entries are live.
    /// - Throws: ``StoreError/damaged(_:)`` if a chunk is missing or has a wrong size.
    func mapped(
        _ runs: [PendingDirectory.Run], of directory: PendingDirectory, rows: Range<Int>,
        in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedPendingEntries {
        var mapped = MappedPendingEntries(
            absorbed: directory.absorbed, rowsPerBlock: directory.pagesPerBlock * heaps.heapsPerPage)
        let blocks = mapped.blocks(of: rows)
        let oldest = directory.absorbed[blocks].min() ?? 0
        for run in runs where run.number > oldest && !rows.isEmpty {
            // The entries of the first row can begin in the chunk before the first one that starts with it.
            let first = max(0, try firstChunk(of: run, from: rows.lowerBound, in: transaction) - 1)
            let end = try firstChunk(of: run, from: rows.upperBound, in: transaction)
            guard first < end else { continue }
            let keys = (first..<end).map { key(run.number, chunk: $0) }
            let chunks = try transaction.mapped(database, keys)
            let isComplete = (0..<chunks.count).allSatisfy { index in
                chunks.value(at: index) { !$0.isEmpty && $0.byteCount % PendingEntry.byteCount == 0 }
            }
            guard isComplete else { throw Self.incomplete }
            mapped.runs.append((run.number, chunks))
        }
        return mapped
    }

    /// Stores a chunk of a run.
    func write(_ words: ArraySlice<UInt32>, run: UInt64, chunk: Int, in transaction: borrowing WriteTransaction) throws
    {
        try transaction.put(database, key(run, chunk: chunk), words.span)
    }

    /// Removes all chunks of a run.
    func remove(_ run: PendingDirectory.Run, in transaction: borrowing WriteTransaction) throws {
        for chunk in 0..<run.chunks { try transaction.remove(database, key(run.number, chunk: chunk)) }
    }

    /// The number of the first chunk that starts with `row` or a higher one; the number of chunks if there is none.
    private func firstChunk(
        of run: PendingDirectory.Run, from row: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> Int {
        var (low, high) = (0, run.chunks)
        while low < high {
            let middle = (low + high) / 2
            let first = try transaction.value(database, key(run.number, chunk: middle)) { bytes in
                bytes.byteCount < 4 ? nil : NumberView.uint32(bytes.extracting(first: 4))
            }
            guard let first, let first else { throw Self.incomplete }
            if Int(first) >= row { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func key(_ run: UInt64, chunk: Int) -> UInt64 { run << 24 | UInt64(chunk) }

    private static let incomplete = StoreError.damaged("a run of pending heap entries is incomplete")
}

/// Pending entries of the images in a range of rows, read in place in LMDB's memory map.
///
/// Several threads can read them at the same time, each with a ``PendingEntryReader``. They are valid until the next
/// write of the transaction or its end.
struct MappedPendingEntries: Sendable {
    /// The numbers of the runs and their chunks, in the order of their effect.
    var runs: [(number: UInt64, chunks: MappedValues)] = []
    /// See ``PendingDirectory/absorbed``.
    let absorbed: [UInt64]
    /// The number of rows in a block of heaps.
    let rowsPerBlock: Int

    /// The blocks of heaps that contain `rows`, as far as ``absorbed`` has them.
    func blocks(of rows: Range<Int>) -> Range<Int> {
        let end = min((rows.upperBound + rowsPerBlock - 1) / rowsPerBlock, absorbed.count)
        return min(rows.lowerBound / rowsPerBlock, end)..<end
    }
}
