internal import LMDB
internal import VectorMath

/// The vectors of the images, or of the references: block number -> a block with the layout ``VectorLayout``.
///
/// All numbers of a row without a vector are NaN, so that no product with it exceeds a threshold.
struct VectorTable {
    let database: Database
    let layout: VectorLayout

    /// Stores vectors with their checksums.
    ///
    /// - Parameters:
    ///   - values: the vectors, rows.count x dimension.
    ///   - rows: the rows of the vectors.
    func write(_ values: Span<Float>, rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        let dimension = layout.dimension
        try forEachBlock(of: rows, in: transaction) { bytes, slot, position in
            layout.coding.encode(
                values.extracting(position * dimension..<(position + 1) * dimension), into: &bytes,
                at: layout.bytes(of: slot).lowerBound)
            RowChecksum.write(
                of: layout.bytes(of: slot), row: rows[position], to: &bytes, at: layout.checksum(of: slot))
        }
    }

    /// Overwrites the vectors of `rows` with NaN.
    func erase(rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        let empty = [Float](repeating: .nan, count: layout.dimension)
        try forEachBlock(of: rows, in: transaction) { bytes, slot, _ in
            layout.coding.encode(empty.span, into: &bytes, at: layout.bytes(of: slot).lowerBound)
        }
    }

    /// The vectors of a range of rows, mapped.
    ///
    /// - Parameter rows: rows below ``StoreState/RowCounts/end``.
    /// - Throws: ``StoreError/damaged(_:)`` if a block is missing; `LMDBError` if a block has a wrong size.
    func mapped(_ rows: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedVectors {
        guard !rows.isEmpty else { return MappedVectors(blocks: MappedValues(), firstBlock: 0, layout: layout) }
        let blocks = layout.place(of: rows.lowerBound).block..<layout.place(of: rows.upperBound - 1).block + 1
        let values = try transaction.mapped(
            database, UInt32(blocks.lowerBound)..<UInt32(blocks.upperBound), byteCount: layout.blockBytes)
        return MappedVectors(blocks: try complete(values), firstBlock: blocks.lowerBound, layout: layout)
    }

    /// The vectors of `rows`, mapped, in the order of `rows`.
    ///
    /// - Parameters:
    ///   - rows: rows of images, which a search has found in the table of means.
    ///   - end: ``StoreState/RowCounts/end`` of the images.
    /// - Throws: ``StoreError/damaged(_:)`` if a row is not below `end` (the table of means is damaged) or a block is
    ///   missing; `LMDBError` if a block has a wrong size.
    func mapped(
        _ rows: [UInt32], end: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedRows {
        guard rows.allSatisfy({ $0 < end }) else { throw StoreError.damaged("a row that was never used has a mean") }
        // For many rows: reading all blocks with a cursor costs less than one lookup per row.
        if rows.count > layout.place(of: end).block / 8 {
            return MappedRows(rows: rows, layout: layout, source: .range(try mapped(0..<end, in: transaction)))
        }
        let blocks = try transaction.mapped(
            database, rows.lazy.map { UInt32(layout.place(of: Int($0)).block) }, byteCount: layout.blockBytes)
        return MappedRows(rows: rows, layout: layout, source: .blocks(try complete(blocks)))
    }

    /// Returns `blocks` if none is missing.
    private func complete(_ blocks: MappedValues) throws(StoreError) -> MappedValues {
        guard blocks.isComplete else { throw .damaged("a block of vectors is missing") }
        return blocks
    }

    /// The vectors of `rows` as floats, rows.count x dimension.
    ///
    /// A vector whose block is missing is left out, so that a caller sees by the count that the store is damaged.
    func read(rows: [UInt32], in transaction: borrowing some Transaction & ~Copyable) throws -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(rows.count * layout.dimension)
        for row in rows {
            let vector = try withBlock(of: row, in: transaction) { bytes, slot in
                layout.coding.decode(bytes.extracting(layout.bytes(of: slot)))
            }
            values.append(contentsOf: vector ?? [])
        }
        return values
    }

    /// Whether the vector of `row` matches its checksum; false if the block is missing.
    func isIntact(row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> Bool {
        try withBlock(of: row, in: transaction) { bytes, slot in
            RowChecksum.holds(for: layout.bytes(of: slot), row: row, in: bytes, at: layout.checksum(of: slot))
        } ?? false
    }

    /// Calls `body` with the block of `row` and the slot of the row in it.
    ///
    /// - Returns: what `body` returns; `nil` if the block is missing.
    /// - Throws: ``StoreError/damaged(_:)`` if the block has a wrong size, or what `body` throws.
    private func withBlock<R>(
        of row: UInt32, in transaction: borrowing some Transaction & ~Copyable,
        _ body: (_ bytes: RawSpan, _ slot: Int) throws -> R
    ) throws -> R? {
        let (block, slot) = layout.place(of: Int(row))
        return try transaction.value(database, UInt32(block)) { bytes in
            guard bytes.byteCount == layout.blockBytes else {
                throw StoreError.damaged("a block of vectors has a wrong size")
            }
            return try body(bytes, slot)
        }
    }

    /// Calls `body` for each of `rows`, block by block.
    ///
    /// A new block is filled with NaN first.
    ///
    /// - Parameter body: called with the bytes of the row's block, the row's slot in it, and the row's index in `rows`.
    private func forEachBlock(
        of rows: [UInt32], in transaction: borrowing WriteTransaction,
        _ body: (_ bytes: inout MutableRawSpan, _ slot: Int, _ position: Int) throws -> Void
    ) throws {
        let rowsPerBlock = UInt32(layout.rowsPerBlock)
        let ordered = rows.indices.sorted { rows[$0] < rows[$1] }
        let empty = [Float](repeating: .nan, count: layout.rowsPerBlock * layout.dimension)
        for group in ordered.chunked(by: { rows[$0] / rowsPerBlock }) {
            let block = rows[ordered[group.lowerBound]] / rowsPerBlock
            try transaction.update(database, block, byteCount: layout.blockBytes) { bytes, existed in
                if !existed, group.count < layout.rowsPerBlock {
                    layout.coding.encode(empty.span, into: &bytes, at: layout.bytes(of: 0).lowerBound)
                }
                for position in ordered[group] {
                    try body(&bytes, Int(rows[position] % rowsPerBlock), position)
                }
            }
        }
    }
}
