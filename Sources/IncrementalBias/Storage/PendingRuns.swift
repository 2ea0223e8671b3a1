internal import LMDB

/// The runs of pending entries, as one write transaction changes them.
///
/// ``save(in:)`` stores the directory; without it nothing has changed.
struct PendingRuns {
    let table: PendingTable
    let limits: PendingLimits
    private(set) var directory: PendingDirectory
    private let savedDirectory: PendingDirectory?
    /// The number of image rows that were ever used.
    private let end: Int

    /// The number of entries that a merge reads before it writes.
    private static let entriesPerMergeStep = 1 << 17

    /// Reads the directory.
    ///
    /// - Parameter end: the number of image rows that were ever used.
    /// - Throws: ``StoreError/damaged(_:)`` if the directory can't be read, or has more blocks than the images need.
    init(_ table: PendingTable, limits: PendingLimits, end: Int, in transaction: borrowing WriteTransaction) throws {
        (self.table, self.limits, self.end) = (table, limits, end)
        savedDirectory = try table.directory(in: transaction)
        directory = savedDirectory ?? PendingDirectory(pagesPerBlock: limits.pagesPerBlock)
        guard directory.absorbed.count <= blockCount else {
            throw StoreError.damaged("the directory of pending heap entries has more blocks than the images need")
        }
        directory.extend(toBlocks: blockCount)
    }

    /// Whether no heap has a pending entry.
    var isEmpty: Bool { directory.runs.isEmpty }

    /// The maximum number of live entries.
    var maximumEntries: Int { limits.entriesPerPage * pageCount }

    /// Whether there are too many live entries if `count` more are added.
    func wouldExceedLimit(adding count: Int) -> Bool { directory.live + count > maximumEntries }

    private var pageCount: Int { (end + table.heaps.heapsPerPage - 1) / table.heaps.heapsPerPage }
    private var blockCount: Int { (pageCount + directory.pagesPerBlock - 1) / directory.pagesPerBlock }

    /// The entries of the images in `rows`, mapped.
    func mapped(rows: Range<Int>, in transaction: borrowing WriteTransaction) throws -> MappedPendingEntries {
        try table.mapped(directory.runs, of: directory, rows: rows, in: transaction)
    }

    /// Begins a new run, which ``append(_:)`` adds when it is complete.
    mutating func makeWriter() -> PendingRunWriter {
        PendingRunWriter(table: table, number: directory.takeNumber(), entriesPerChunk: limits.entriesPerChunk)
    }

    /// Adds a complete run, whose entries take effect after all others.
    mutating func append(_ run: PendingDirectory.Run) {
        guard run.entries > 0 else { return }
        directory.runs.append(run)
        directory.live += run.entries
    }

    /// Removes all runs, because all stored heaps contain their entries or no longer depend on them.
    mutating func removeAll(in transaction: borrowing WriteTransaction) throws {
        for run in directory.runs { try table.remove(run, in: transaction) }
        directory.runs = []
        directory.live = 0
    }

    /// Merges runs until there are few, and removes those without live entries.
    mutating func tidy(in transaction: borrowing WriteTransaction) throws {
        let oldest = directory.absorbed.min() ?? directory.lastNumber
        for run in directory.runs where run.number <= oldest { try table.remove(run, in: transaction) }
        directory.runs.removeAll { $0.number <= oldest }
        while let runs = directory.runsToMerge(limits) { try merge(runs, in: transaction) }
        if directory.runs.isEmpty { directory.live = 0 }
    }

    /// Stores the directory, if it has changed.
    func save(in transaction: borrowing WriteTransaction) throws {
        guard directory != savedDirectory, savedDirectory != nil || !isEmpty else { return }
        try table.write(directory, in: transaction)
    }
}

extension PendingRuns {
    /// The rows of the images whose heaps absorb their entries next, in whole blocks; `nil` if few entries are pending.
    ///
    /// - Parameter maximumRows: about the maximum number of rows.
    func rowsToAbsorb(maximumRows: Int) -> Range<Int>? {
        let excess = directory.live - maximumEntries
        guard excess > 0, blockCount > 0 else { return nil }
        // Blocks absorb their entries in turn, so that the next one has about twice the average.
        let perBlock = max(1, 2 * maximumEntries / blockCount)
        let rowsPerBlock = directory.pagesPerBlock * table.heaps.heapsPerPage
        let first = directory.nextBlock < blockCount ? directory.nextBlock : 0
        let count = min((excess + perBlock - 1) / perBlock, max(1, maximumRows / rowsPerBlock), blockCount - first)
        return first * rowsPerBlock..<min((first + count) * rowsPerBlock, end)
    }

    /// Records that the stored heaps of `rows`, from ``rowsToAbsorb(maximumRows:)``, contain all entries.
    ///
    /// - Parameter entries: the number of live entries that these images had.
    mutating func markAbsorbed(rows: Range<Int>, entries: Int) {
        let rowsPerBlock = directory.pagesPerBlock * table.heaps.heapsPerPage
        let blocks = rows.lowerBound / rowsPerBlock..<(rows.upperBound + rowsPerBlock - 1) / rowsPerBlock
        for block in blocks { directory.absorbed[block] = directory.lastNumber }
        directory.nextBlock = blocks.upperBound
        directory.live -= min(entries, directory.live)
        // In a damaged store the number can be too high: then it is right again when all blocks have had their turn.
        if blocks.upperBound == blockCount, directory.absorbed.allSatisfy({ $0 == directory.lastNumber }) {
            directory.live = 0
        }
    }

    /// Merges consecutive runs into one, and leaves out entries that have no effect any more.
    private mutating func merge(_ range: Range<Int>, in transaction: borrowing WriteTransaction) throws {
        let merged = Array(directory.runs[range])
        let entries = merged.reduce(0) { $0 + $1.entries }
        let steps = max(1, entries / Self.entriesPerMergeStep)
        let rowsPerStep = max(1, (end + steps - 1) / steps)
        var writer = makeWriter()
        var superseded = 0
        for start in stride(from: 0, to: end, by: rowsPerStep) {
            let rows = start..<min(start + rowsPerStep, end)
            var reader = PendingEntryReader(try table.mapped(merged, of: directory, rows: rows, in: transaction))
            reader.read(rows)
            superseded += try writer.append(
                effective: reader.entries, keepResets: range.lowerBound > 0, in: transaction)
        }
        let run = try writer.finish(in: transaction)
        for run in merged { try table.remove(run, in: transaction) }
        directory.runs.replaceSubrange(range, with: run.entries > 0 ? [run] : [])
        directory.live -= min(superseded, directory.live)
    }
}

/// Writes the chunks of one run.
struct PendingRunWriter {
    private let table: PendingTable
    private let wordsPerChunk: Int
    private var run: PendingDirectory.Run
    /// The number of entries so far.
    var entryCount: Int { run.entries }
    /// Entries in their stored form that are not written yet.
    private var words: [UInt32] = []

    init(table: PendingTable, number: UInt64, entriesPerChunk: Int) {
        self.table = table
        wordsPerChunk = entriesPerChunk * PendingEntry.words
        run = PendingDirectory.Run(number: number, chunks: 0, entries: 0)
    }

    /// Appends entries in their stored form; their images must not come before those of earlier entries.
    mutating func append(_ entries: [UInt32], in transaction: borrowing WriteTransaction) throws {
        words += entries
        run.entries += entries.count / PendingEntry.words
        try write(atLeast: wordsPerChunk, in: transaction)
    }

    /// Appends entries without those before the last reset of their image.
    ///
    /// - Parameters:
    ///   - entries: entries by ascending row, those of one image in the order of effect.
    ///   - keepResets: whether older runs exist, so that the resets themselves still have an effect.
    /// - Returns: the number of entries that were left out.
    mutating func append(
        effective entries: [PendingEntry], keepResets: Bool, in transaction: borrowing WriteTransaction
    ) throws -> Int {
        var kept: [UInt32] = []
        kept.reserveCapacity(entries.count * PendingEntry.words)
        var firstOfImage = 0
        for (index, entry) in entries.enumerated() {
            if index > 0, entries[index - 1].image != entry.image { firstOfImage = kept.count }
            if entry.kind == .reset {
                kept.removeLast(kept.count - firstOfImage)
                if !keepResets { continue }
            }
            entry.append(to: &kept)
        }
        try append(kept, in: transaction)
        return entries.count - kept.count / PendingEntry.words
    }

    /// Writes the last chunk.
    ///
    /// - Returns: the complete run; if it has no entries, nothing was written.
    mutating func finish(in transaction: borrowing WriteTransaction) throws -> PendingDirectory.Run {
        try write(atLeast: 1, in: transaction)
        return run
    }

    /// Writes chunks as long as at least `minimum` words are left.
    private mutating func write(atLeast minimum: Int, in transaction: borrowing WriteTransaction) throws {
        var start = 0
        while words.count - start >= minimum {
            let end = min(start + wordsPerChunk, words.count)
            try table.write(words[start..<end], run: run.number, chunk: run.chunks, in: transaction)
            run.chunks += 1
            start = end
        }
        words.removeFirst(start)
    }
}
