internal import LMDB
internal import VectorMath

/// A table with one float per image: the means, or the thresholds.
///
/// Block number -> `rowsPerBlock` floats; +infinity in rows without an image.
struct ColumnTable {
    let database: Database
    let layout: StoreLayout

    /// The blocks with these numbers, mapped.
    func mapped(blocks: Range<Int>, in transaction: borrowing some Transaction & ~Copyable) throws -> MappedValues {
        try transaction.mapped(
            database, UInt32(blocks.lowerBound)..<UInt32(blocks.upperBound),
            byteCount: layout.rowsPerBlock * 4)
    }

    /// The value of `row`; +infinity if its block does not exist.
    ///
    /// - Throws: ``StoreError/damaged(_:)`` if the block has a wrong size.
    func read(row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> Float {
        let (block, slot) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        return try transaction.value(database, UInt32(block)) { bytes in
            guard bytes.byteCount == layout.rowsPerBlock * 4 else {
                throw StoreError.damaged("a block of means or thresholds has a wrong size")
            }
            return NumberView.withFloats(bytes) { $0[slot] }
        } ?? .infinity
    }

    /// Stores a whole block.
    ///
    /// - Parameter values: `rowsPerBlock` floats.
    func write(block: Int, _ values: [Float], in transaction: borrowing WriteTransaction) throws {
        try transaction.put(database, UInt32(block), values.span)
    }

    /// Stores the values of some rows.
    ///
    /// - Parameters:
    ///   - values: one float for each of `rows`.
    ///   - rows: the rows, in ascending order.
    func write(_ values: [Float], rows: [UInt32], in transaction: borrowing WriteTransaction) throws {
        let rowsPerBlock = layout.rowsPerBlock
        for positions in rows.chunked(by: { Int($0) / rowsPerBlock }) {
            let block = UInt32(Int(rows[positions.lowerBound]) / rowsPerBlock)
            try transaction.update(database, block, byteCount: rowsPerBlock * 4) { bytes, existed in
                NumberView.withMutableFloats(&bytes) { floats in
                    if !existed {
                        for slot in 0..<rowsPerBlock { floats[slot] = .infinity }
                    }
                    for position in positions { floats[Int(rows[position]) % rowsPerBlock] = values[position] }
                }
            }
        }
    }
}
