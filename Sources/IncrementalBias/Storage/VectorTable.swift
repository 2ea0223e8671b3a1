internal import LMDB
internal import VectorMath

/// The stored vectors of the images, or of the references: block number -> a block with the layout ``VectorLayout``.
///
/// A row without a vector holds NaN in every place, so that no product with it exceeds any threshold.
struct VectorTable {
    let database: Database
    let layout: VectorLayout

    /// Stores `values` (rows.count x dimension) as the vectors of `rows`.
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
    /// - Parameter rows: rows that were all used at some time.
    /// - Throws: ``StoreError/damaged(_:)`` where a block is missing.
    func mapped(_ rows: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedVectors {
        guard !rows.isEmpty else { return MappedVectors(blocks: MappedValues(), firstBlock: 0, layout: layout) }
        let blocks = layout.place(of: rows.lowerBound).block..<layout.place(of: rows.upperBound - 1).block + 1
        let values = try transaction.mapped(
            database, UInt32(blocks.lowerBound)..<UInt32(blocks.upperBound), byteCount: layout.blockBytes)
        return MappedVectors(blocks: try complete(values), firstBlock: blocks.lowerBound, layout: layout)
    }

    /// The vectors of `rows`, mapped, in the order of `rows`.
    ///
    /// - Parameter end: the number of rows ever used.
    /// - Throws: ``StoreError/damaged(_:)`` for a row from `end` on: a damaged column must have led to it.
    func mapped(
        _ rows: [UInt32], end: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedRows {
        guard rows.allSatisfy({ $0 < end }) else { throw StoreError.damaged("there is a mean where no image ever was") }
        // A cursor that steps from block to block costs a fraction of one lookup per block.
        if rows.count > layout.place(of: end).block / 8 {
            return MappedRows(rows: rows, layout: layout, source: .range(try mapped(0..<end, in: transaction)))
        }
        let blocks = try transaction.mapped(
            database, rows.lazy.map { UInt32(layout.place(of: Int($0)).block) }, byteCount: layout.blockBytes)
        return MappedRows(rows: rows, layout: layout, source: .blocks(try complete(blocks)))
    }

    private func complete(_ blocks: MappedValues) throws(StoreError) -> MappedValues {
        guard blocks.isComplete else { throw .damaged("a block of vectors is missing") }
        return blocks
    }

    /// The vectors of `rows` as floats, rows.count x dimension.
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

    /// Whether the vector of `row` matches its checksum; false where the block is missing.
    func isIntact(row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> Bool {
        try withBlock(of: row, in: transaction) { bytes, slot in
            RowChecksum.holds(for: layout.bytes(of: slot), row: row, in: bytes, at: layout.checksum(of: slot))
        } ?? false
    }

    /// Calls `body` with the block of `row` and the slot of the row; `nil` where there is no block.
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

    /// Calls `body` for each of `rows`, block by block, with the bytes of its block, its slot and its index in `rows`.
    private func forEachBlock(
        of rows: [UInt32], in transaction: borrowing WriteTransaction,
        _ body: (_ bytes: inout MutableRawSpan, _ slot: Int, _ position: Int) throws -> Void
    ) throws {
        let size = UInt32(layout.rowsPerBlock)
        let ordered = rows.indices.sorted { rows[$0] < rows[$1] }
        let empty = [Float](repeating: .nan, count: layout.rowsPerBlock * layout.dimension)
        for group in ordered.chunked(by: { rows[$0] / size }) {
            let block = rows[ordered[group.lowerBound]] / size
            try transaction.update(database, block, count: layout.blockBytes) { bytes, existed in
                if !existed, group.count < layout.rowsPerBlock {
                    layout.coding.encode(empty.span, into: &bytes, at: CacheLine.pad)
                }
                for position in ordered[group] {
                    try body(&bytes, Int(rows[position] % size), position)
                }
            }
        }
    }
}
