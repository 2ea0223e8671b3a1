internal import LMDB
internal import Similarity

/// The stored vectors of one kind: block number -> 48 unused bytes, then rowsPerBlock x dimension numbers in the store's
/// precision.
///
/// A row without a vector holds not-a-number throughout, so that no product with it is ever above anything.
struct VectorTable {
    let database: Database
    let layout: StoreLayout

    /// Stores `values` (rows.count x dimension) as the vectors of `rows`.
    func write(_ values: Span<Float>, rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        let dimension = layout.dimension
        try forEachBlock(of: rows, in: transaction) { bytes, slot, position in
            layout.coding.encode(
                values.extracting(position * dimension..<(position + 1) * dimension), into: &bytes,
                at: layout.vectors(slot..<slot + 1).lowerBound)
        }
    }

    /// Takes the vectors of `rows` away.
    func erase(rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        let empty = [Float](repeating: .nan, count: layout.dimension)
        try forEachBlock(of: rows, in: transaction) { bytes, slot, _ in
            layout.coding.encode(empty.span, into: &bytes, at: layout.vectors(slot..<slot + 1).lowerBound)
        }
    }

    /// The blocks that hold the first `end` rows, in place.
    func pin(end: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> PinnedValues {
        try transaction.pin(database, 0..<UInt32(layout.blocks(for: end)))
    }

    /// The vectors of `rows` as floats, rows.count x dimension.
    func read(rows: [UInt32], in transaction: borrowing some Transaction & ~Copyable) throws -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(rows.count * layout.dimension)
        for row in rows {
            let (block, slot) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
            let vector = try transaction.value(database, UInt32(block)) { bytes in
                layout.coding.decode(bytes.extracting(layout.vectors(slot..<slot + 1)))
            }
            values.append(contentsOf: vector ?? [])
        }
        return values
    }

    /// Calls `body` for each of `rows`, block by block, with the bytes of its block, its place there and its position
    /// in `rows`.
    private func forEachBlock(
        of rows: [UInt32], in transaction: borrowing WriteTransaction,
        _ body: (_ bytes: inout MutableRawSpan, _ slot: Int, _ position: Int) throws -> Void
    ) throws {
        let size = UInt32(layout.rowsPerBlock)
        let ordered = rows.indices.sorted { rows[$0] < rows[$1] }
        for group in ordered.chunked(by: { rows[$0] / size }) {
            let block = rows[ordered[group.lowerBound]] / size
            try transaction.update(database, block, count: layout.blockBytes) { bytes, existed in
                if !existed { fillWithNaN(&bytes) }
                for position in ordered[group] {
                    try body(&bytes, Int(rows[position] % size), position)
                }
            }
        }
    }

    private func fillWithNaN(_ bytes: inout MutableRawSpan) {
        let empty = [Float](repeating: .nan, count: layout.rowsPerBlock * layout.dimension)
        layout.coding.encode(empty.span, into: &bytes, at: CacheLine.pad)
    }
}
