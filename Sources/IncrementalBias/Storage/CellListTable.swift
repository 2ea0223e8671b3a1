internal import LMDB
internal import VectorMath

/// The lists of the cells.
///
/// A list is stored in chunks of up to ``rowsPerChunk`` images.
/// The key of a chunk is cell number << 16 | chunk number. The value has the rows of up to ``rowsPerChunk`` images, and
/// a copy of their sign codes (short codes that approximate vectors). So a search reads a list sequentially.
///
///     [0 ..< 4]                      version of the basis of the sign codes
///     [4 ..< CacheLine.pad]          unused
///     then                           sign codes of `rowsPerChunk` rows, as in a block of sign codes
///     then rowsPerChunk x 4 bytes    the rows; ``noRow`` in unused slots
struct CellListTable {
    let database: Database
    /// The layout of one group of sign codes.
    let layout: CodeLayout

    static let rowsPerChunk = 2 * CodeLayout.rowsPerGroup
    static let noRow = UInt32.max

    init(tables: Tables, layout: StoreLayout) {
        database = tables.cells.lists
        self.layout = CodeLayout(rows: CodeLayout.rowsPerGroup, dimension: layout.dimension)
    }

    private var rowsStart: Int {
        CacheLine.pad + Self.rowsPerChunk / CodeLayout.rowsPerGroup * layout.signBytesPerGroup
    }

    /// The size of a chunk in bytes.
    var chunkBytes: Int { rowsStart + Self.rowsPerChunk * 4 }

    /// The number of chunks of a list.
    static func chunks(for entries: Int) -> Int { (entries + rowsPerChunk - 1) / rowsPerChunk }

    /// The keys of the chunks of a list.
    func keys(of cell: Int, entries: UInt32) -> Range<UInt32> {
        let start = UInt32(cell) << 16
        return start..<start + UInt32(Self.chunks(for: Int(entries)))
    }

    /// The chunks of some lists, mapped one after another.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if a chunk is missing; `LMDBError` if one has a wrong size.
    func mapped(
        _ cells: [Int], of directory: CellDirectory, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedValues {
        let mapped = try transaction.mapped(
            database, cells.map { keys(of: $0, entries: directory.entries[$0]) }, byteCount: chunkBytes)
        guard mapped.isComplete else { throw StoreError.damaged("a part of the list of a cell is missing") }
        return mapped
    }

    /// Calls `body` with the rows of a chunk.
    func withRows<R>(of chunk: RawSpan, _ body: (Span<UInt32>) throws -> R) rethrows -> R {
        try NumberView.withIntegers(chunk.extracting(rowsStart..<chunkBytes), body)
    }

    /// The bytes of one group in a block of sign codes or in a chunk, after `CacheLine.pad` bytes that precede it.
    ///
    /// They can be scanned as a block with one group. Only those of group 0 begin with the version of the basis.
    func bytes(ofGroup group: Int) -> Range<Int> {
        let start = group * layout.signBytesPerGroup
        return start..<start + layout.signByteCount
    }

    /// The rows of a list, including stale ones: those of images that are no longer assigned to the cell.
    func rows(
        of cell: Int, entries: UInt32, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [UInt32] {
        var rows: [UInt32] = []
        rows.reserveCapacity(Int(entries))
        for key in keys(of: cell, entries: entries) {
            let found: Void? = try transaction.value(database, key) { chunk in
                guard chunk.byteCount == chunkBytes else {
                    throw StoreError.damaged("a part of the list of a cell has a wrong size")
                }
                withRows(of: chunk) { stored in for slot in stored.indices { rows.append(stored[slot]) } }
            }
            if found == nil { throw StoreError.damaged("a part of the list of a cell is missing") }
        }
        return Array(rows.prefix(Int(entries)))
    }

    /// Stores a list.
    ///
    /// - Parameters:
    ///   - rows: the rows of the list.
    ///   - entries: the length of the stored list that is replaced.
    ///   - kept: the number of first rows that are the same in the stored list. Chunks with only such rows stay.
    ///   - signs: the sign codes of all images, mapped in a read transaction. Those of a write transaction would be
    ///     valid only until its next write.
    ///   - version: the version of their basis.
    func write(
        _ rows: [UInt32], of cell: Int, replacing entries: UInt32, kept: Int = 0, signs: SignBlocks, version: UInt32,
        in transaction: borrowing WriteTransaction
    ) throws {
        let keys = keys(of: cell, entries: UInt32(rows.count))
        for chunk in kept / Self.rowsPerChunk..<keys.count {
            let part = rows[chunk * Self.rowsPerChunk..<min((chunk + 1) * Self.rowsPerChunk, rows.count)]
            try transaction.update(database, keys.lowerBound + UInt32(chunk), byteCount: chunkBytes) { bytes, _ in
                layout.setVersion(version, of: &bytes)
                for (slot, row) in part.enumerated() { signs.copy(row, to: &bytes, slot: slot) }
                for slot in 0..<Self.rowsPerChunk {
                    let row = slot < part.count ? part[part.startIndex + slot] : Self.noRow
                    bytes.storeBytes(of: row, toByteOffset: rowsStart + slot * 4, as: UInt32.self)
                }
            }
        }
        let before = self.keys(of: cell, entries: entries)
        for key in keys.upperBound..<max(keys.upperBound, before.upperBound) {
            try transaction.remove(database, key)
        }
    }
}

/// The sign codes of all images, mapped.
struct SignBlocks {
    let blocks: MappedValues
    let layout: StoreLayout

    /// Copies the sign code of a row to a chunk of a list.
    func copy(_ row: UInt32, to chunk: inout MutableRawSpan, slot: Int) {
        let (block, own) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        blocks.value(at: block) { layout.codes.copySigns(from: $0, slot: own, to: &chunk, slot: slot) }
    }
}
