package import LMDB
internal import VectorMath

/// The ids and the rows of the images, or those of the references: each id has one row and each row in use one id.
package struct IdentityTable {
    let tables: Tables.RowTables

    /// Makes the table of images or of references.
    package init(tables: Tables.RowTables) {
        self.tables = tables
    }

    /// The row of `id`; `nil` where the id has none.
    package func row(of id: String, in transaction: borrowing some Transaction & ~Copyable) throws -> UInt32? {
        try transaction.value(tables.rows, id) { row in
            guard row.byteCount == 4 else { throw StoreError.damaged("the row of an id has a wrong size") }
            return NumberView.row(row)
        }
    }

    /// The id of `row`; `nil` where the row is not in use.
    package func id(of row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> String? {
        try transaction.string(tables.ids, row)
    }

    /// Gives each of `ids` a row: its own, else the lowest free one, else a new one at the end.
    ///
    /// - Parameters:
    ///   - ids: no two the same.
    ///   - rows: the counts of rows, which the call updates.
    /// - Returns: the rows, in the order of `ids`, and for each id whether it had a row before.
    package func assign(_ ids: [String], rows: inout StoreState.Rows, in transaction: borrowing WriteTransaction) throws
        -> (rows: [UInt32], existed: [Bool])
    {
        let plan = try plan(ids, rows: rows, in: transaction)
        try record(plan, ids, rows: &rows, in: transaction)
        return (plan.rows, plan.existed)
    }

    /// The rows that ``assign(_:rows:in:)`` would give to `ids`; writes nothing.
    package func plan(
        _ ids: [String], rows: StoreState.Rows, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> RowPlan {
        var plan = RowPlan(count: ids.count)
        var fresh: [Int] = []
        for (position, id) in ids.enumerated() {
            if rows.count > 0, let row = try row(of: id, in: transaction) {
                plan.rows[position] = row
                plan.existed[position] = true
            } else {
                fresh.append(position)
            }
        }
        plan.free = try free(fresh.count, in: transaction)
        for (order, position) in fresh.enumerated() {
            plan.rows[position] =
                order < plan.free.count ? plan.free[order] : UInt32(rows.end + order - plan.free.count)
        }
        return plan
    }

    /// Gives `ids` the rows of a plan.
    ///
    /// - Parameters:
    ///   - plan: made for these ids, with no other change of the table since.
    ///   - rows: the counts of rows, which the call updates.
    package func record(
        _ plan: RowPlan, _ ids: [String], rows: inout StoreState.Rows, in transaction: borrowing WriteTransaction
    ) throws {
        let fresh = ids.indices.filter { !plan.existed[$0] }
        for row in plan.free { try transaction.remove(tables.free, row) }
        rows.end += max(0, fresh.count - plan.free.count)
        rows.count += fresh.count
        // Written in the order of the keys, so that B-tree pages fill one after the other.
        for position in fresh {
            try transaction.put(tables.ids, plan.rows[position], ids[position])
        }
        for position in fresh.sorted(by: { ids[$0].utf8.lexicographicallyPrecedes(ids[$1].utf8) }) {
            try transaction.put(tables.rows, ids[position], plan.rows[position])
        }
    }

    /// Removes the ids of rows and marks the rows as free.
    ///
    /// - Parameters:
    ///   - removed: the rows; those that are not in use are ignored.
    ///   - rows: the counts of rows, which the call updates.
    package func release(_ removed: [UInt32], rows: inout StoreState.Rows, in transaction: borrowing WriteTransaction)
        throws
    {
        for row in removed {
            guard let id = try id(of: row, in: transaction) else { continue }
            try transaction.remove(tables.rows, id)
            try transaction.remove(tables.ids, row)
            try transaction.put(tables.free, row, UInt32(0))
            rows.count -= 1
        }
    }

    /// Up to `count` of the free rows, the lowest first.
    private func free(_ count: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> [UInt32] {
        guard count > 0 else { return [] }
        var free: [UInt32] = []
        try transaction.forEach(tables.free) { key, _ in
            free.append(NumberView.row(key))
            return free.count < count
        }
        return free
    }
}
