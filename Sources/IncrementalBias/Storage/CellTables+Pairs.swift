internal import LMDB
internal import VectorMath

extension CellTables {
    /// The cells of all images, mapped: numbers of four bytes.
    func mappedPairs(
        _ layout: StoreLayout, end: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> MappedValues {
        try transaction.mapped(
            pairs, 0..<UInt32(layout.blocks(for: end)), byteCount: layout.rowsPerBlock * 4)
    }

    /// Stores the cells of some images.
    ///
    /// - Parameters:
    ///   - values: one for each of `rows`.
    ///   - rows: the rows, in ascending order.
    func write(
        _ values: [CellPair], rows: [UInt32], _ layout: StoreLayout, in transaction: borrowing WriteTransaction
    ) throws {
        let rowsPerBlock = layout.rowsPerBlock
        for positions in rows.chunked(by: { Int($0) / rowsPerBlock }) {
            let block = UInt32(Int(rows[positions.lowerBound]) / rowsPerBlock)
            try transaction.update(pairs, block, byteCount: rowsPerBlock * 4) { bytes, existed in
                NumberView.withMutableIntegers(&bytes) { stored in
                    if !existed {
                        for slot in 0..<rowsPerBlock { stored[slot] = CellPair.none.stored }
                    }
                    for position in positions {
                        stored[Int(rows[position]) % rowsPerBlock] = values[position].stored
                    }
                }
            }
        }
    }

    /// Takes images out of their cells, if there are cells.
    ///
    /// - Parameters:
    ///   - rows: the rows of the images.
    ///   - inTail: whether the rows have images, which then belong to the tail.
    func release(
        _ rows: [UInt32], inTail: Bool, _ layout: StoreLayout, in transaction: borrowing WriteTransaction
    ) throws {
        guard !rows.isEmpty else { return }
        do {
            guard try directory(in: transaction) != nil else { return }
            try releaseSorted(rows.sorted(), inTail: inTail, layout, in: transaction)
        } catch StoreError.damaged {
            // The cells are made anew later.
            try removeAll(in: transaction)
        }
    }

    private func releaseSorted(
        _ rows: [UInt32], inTail: Bool, _ layout: StoreLayout, in transaction: borrowing WriteTransaction
    ) throws {
        let rowsPerBlock = layout.rowsPerBlock
        for positions in rows.chunked(by: { Int($0) / rowsPerBlock }) {
            let block = UInt32(Int(rows[positions.lowerBound]) / rowsPerBlock)
            let slots = rows[positions].map { Int($0) % rowsPerBlock }
            let isAssigned = try transaction.value(pairs, block) { bytes in
                guard bytes.byteCount == rowsPerBlock * 4 else {
                    throw StoreError.damaged("a block of cells of images has a wrong size")
                }
                return slots.contains {
                    NumberView.uint32(bytes.extracting($0 * 4..<$0 * 4 + 4)) != CellPair.none.stored
                }
            }
            if isAssigned ?? false {
                try write(
                    Array(repeating: .none, count: positions.count), rows: Array(rows[positions]), layout,
                    in: transaction)
            }
            if inTail { try addToTail(block, slots: slots, in: transaction) }
        }
    }

    /// Marks the groups of some images of a block, so that searches compare them.
    private func addToTail(_ block: UInt32, slots: [Int], in transaction: borrowing WriteTransaction) throws {
        var groups = try transaction.value(tail, block) { try StoredNumber.uint64($0, "a block of the tail") } ?? 0
        for slot in slots { groups |= 1 << UInt64(slot / CodeLayout.rowsPerGroup) }
        try transaction.put(tail, block, groups)
    }

    /// The groups of rows that can have images of the tail, in ascending order.
    ///
    /// - Parameter limit: the largest number of blocks to read.
    /// - Throws: ``StoreError/damaged(_:)`` for a block or a group that can't exist.
    func tailGroups(
        _ layout: StoreLayout, limit: Int = .max, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [TailGroup] {
        var (found, blocks): ([TailGroup], Int) = ([], 0)
        let groupsPerBlock = layout.rowsPerBlock / CodeLayout.rowsPerGroup
        try transaction.forEach(tail) { key, value in
            let block = try StoredNumber.uint32(key, "a block of the tail")
            let bits = try StoredNumber.uint64(value, "a block of the tail")
            guard Int(block) < Int(UInt32.max) / layout.rowsPerBlock,
                groupsPerBlock == 64 || bits >> UInt64(groupsPerBlock) == 0
            else { throw StoreError.damaged("the tail has a group that can't exist") }
            for group in 0..<groupsPerBlock where bits >> UInt64(group) & 1 == 1 {
                found.append(TailGroup(block: block, group: group))
            }
            blocks += 1
            return blocks < limit
        }
        return found
    }

    /// A group of 64 rows that can have images of the tail.
    struct TailGroup {
        let block: UInt32
        /// The number of the group in its block.
        let group: Int

        /// The rows of the group.
        func rows(_ layout: StoreLayout) -> Range<UInt32> {
            let start = block * UInt32(layout.rowsPerBlock) + UInt32(group * CodeLayout.rowsPerGroup)
            return start..<start + UInt32(CodeLayout.rowsPerGroup)
        }
    }
}
