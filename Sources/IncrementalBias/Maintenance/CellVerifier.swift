internal import LMDB
internal import VectorMath

/// Checks that approximate searches find images in their cells.
///
/// Cells are derived from vectors, so that damage of them is repaired: they are removed, and made anew.
struct CellVerifier {
    private let layout: StoreLayout
    private let tables: Tables
    /// The cells; `nil` if there are none that searches use.
    private let directory: CellDirectory?

    init(layout: StoreLayout, tables: Tables, in transaction: borrowing ReadTransaction) throws {
        (self.layout, self.tables) = (layout, tables)
        let directory = try tables.cells.readableDirectory(in: transaction)
        self.directory = directory?.phase == .ready ? directory : nil
    }

    /// Whether an image is found: once in each of its cells, or in the tail.
    ///
    /// If it is not, all cells will be removed.
    func isFound(_ row: UInt32, in transaction: borrowing ReadTransaction) throws -> Bool {
        guard let directory else { return true }
        let isFound = try find(row, directory, in: transaction)
        if !isFound { tables.cells.reportDamage() }
        return isFound
    }

    private func find(
        _ row: UInt32, _ directory: CellDirectory, in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        let (block, slot) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        let stored = try transaction.value(tables.cells.pairs, UInt32(block)) { bytes in
            bytes.byteCount == layout.rowsPerBlock * 4
                ? NumberView.uint32(bytes.extracting(slot * 4..<slot * 4 + 4)) : nil
        }
        guard let stored = stored ?? CellPair.none.stored else { return false }
        let pair = CellPair(stored: stored)
        if pair == .none {
            let group = UInt64(slot / CodeLayout.rowsPerGroup)
            return try transaction.value(tables.cells.tail, UInt32(block)) { bytes in
                try StoredNumber.uint64(bytes, "a block of the tail") >> group & 1 == 1
            } ?? false
        }
        return try [pair.first, pair.second].filter { $0 != CellPair.noCell }.allSatisfy { cell in
            try Int(cell) < directory.count && isListed(row, Int(cell), directory, in: transaction)
        }
    }

    /// Whether an image stands once in a list, with the sign code that its block has.
    private func isListed(
        _ row: UInt32, _ cell: Int, _ directory: CellDirectory, in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        let lists = CellListTable(tables: tables, layout: layout)
        let rows = try lists.rows(of: cell, entries: directory.entries[cell], in: transaction)
        let positions = rows.indices.filter { rows[$0] == row }
        guard positions.count == 1 else { return false }
        let (block, slot) = Int(row).quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        let (chunk, place) = positions[0].quotientAndRemainder(dividingBy: CellListTable.rowsPerChunk)
        let key = lists.keys(of: cell, entries: directory.entries[cell]).lowerBound + UInt32(chunk)
        let isEqual = try transaction.value(tables.signs, UInt32(block)) { signs in
            try transaction.value(tables.cells.lists, key) { listed in
                // While codes are made anew, both can have different bases.
                layout.codes.version(of: signs) != layout.codes.version(of: listed)
                    || layout.codes.signs(signs, slot, equal: listed, place)
            }
        }
        return (isEqual ?? nil) ?? false
    }
}
