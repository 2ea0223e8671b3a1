internal import LMDB
internal import Similarity

/// Which id has which row, for one kind.
struct IdentityTable {
    let tables: Tables.RowTables

    /// The row of `id`; `nil` where there is none.
    func row(of id: String, in transaction: borrowing some Transaction & ~Copyable) throws -> UInt32? {
        try transaction.value(tables.rows, id) { row in
            guard row.byteCount == 4 else { throw StoreError.damaged("the row of an id has a wrong size") }
            return NumberView.row(row)
        }
    }

    /// The id of `row`; `nil` where there is none.
    func id(of row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> String? {
        try transaction.string(tables.ids, row)
    }

    /// Gives each of `ids` a row: the one that it has, else a free one, else a new one at the end.
    ///
    /// - Parameter rows: the rows of this kind, brought up to date.
    /// - Returns: the rows, in the order of `ids`, and whether each had a vector before.
    func assign(_ ids: [String], rows: inout StoreState.Rows, in transaction: borrowing WriteTransaction) throws
        -> (rows: [UInt32], existed: [Bool])
    {
        var assigned = [UInt32](repeating: 0, count: ids.count)
        var existed = [Bool](repeating: false, count: ids.count)
        var fresh: [Int] = []
        for (position, id) in ids.enumerated() {
            if let row = try row(of: id, in: transaction) {
                assigned[position] = row
                existed[position] = true
            } else {
                fresh.append(position)
            }
        }
        let free = try takeFree(fresh.count, in: transaction)
        for (order, position) in fresh.enumerated() {
            assigned[position] = order < free.count ? free[order] : UInt32(rows.end + order - free.count)
        }
        rows.end += max(0, fresh.count - free.count)
        rows.count += fresh.count
        // In the order of the keys: B-tree pages then fill one after the other.
        for position in fresh {
            try transaction.put(tables.ids, assigned[position], ids[position])
        }
        for position in fresh.sorted(by: { ids[$0].utf8.lexicographicallyPrecedes(ids[$1].utf8) }) {
            try transaction.put(tables.rows, ids[position], assigned[position])
        }
        return (assigned, existed)
    }

    /// Takes the ids of `rows` away and lets their rows be used again.
    func release(_ removed: [UInt32], rows: inout StoreState.Rows, in transaction: borrowing WriteTransaction) throws {
        for row in removed {
            guard let id = try id(of: row, in: transaction) else { continue }
            try transaction.remove(tables.rows, id)
            try transaction.remove(tables.ids, row)
            try transaction.put(tables.free, row, UInt32(0))
            rows.count -= 1
        }
    }

    /// Takes up to `count` rows off the list of free ones, lowest first.
    private func takeFree(_ count: Int, in transaction: borrowing WriteTransaction) throws -> [UInt32] {
        guard count > 0 else { return [] }
        var free: [UInt32] = []
        try transaction.forEach(tables.free) { key, _ in
            free.append(NumberView.row(key))
            return free.count < count
        }
        for row in free { try transaction.remove(tables.free, row) }
        return free
    }
}
