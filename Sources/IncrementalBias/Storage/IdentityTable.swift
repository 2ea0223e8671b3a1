package import LMDB
internal import VectorMath

/// The ids and rows of the images, or of the references.
///
/// Each id has one row, and each row in use has one id.
package struct IdentityTable {
    let tables: Tables.RowTables

    /// Creates a view of the tables of the images, or of the references.
    package init(tables: Tables.RowTables) {
        self.tables = tables
    }

    /// The row of `id`; `nil` if the id has none.
    package func row(of id: String, in transaction: borrowing some Transaction & ~Copyable) throws -> UInt32? {
        try transaction.value(tables.rows, id) { try StoredNumber.uint32($0, "the row of an id") }
    }

    /// The id of `row`; `nil` if the row is not in use.
    package func id(of row: UInt32, in transaction: borrowing some Transaction & ~Copyable) throws -> String? {
        try transaction.string(tables.ids, row)
    }

    /// The ids that follow `start` in ascending order of their bytes, with their rows.
    ///
    /// - Parameters:
    ///   - start: where to begin; it need not be an id, and is not in the result. Empty for the first ids.
    ///   - limit: the maximum number of ids, at least 1.
    func list(
        after start: String, limit: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [(id: String, row: UInt32)] {
        var found: [(id: String, row: UInt32)] = []
        func add(_ key: RawSpan, _ value: RawSpan) throws -> Bool {
            let id = String(decoding: NumberView.bytes(key), as: UTF8.self)
            found.append((id, try StoredNumber.uint32(value, "the row of an id")))
            return found.count < limit
        }
        // LMDB has no empty keys.
        if start.isEmpty {
            try transaction.forEach(tables.rows) { try add($0, $1) }
        } else {
            try transaction.forEach(tables.rows, after: start) { try add($0, $1) }
        }
        return found
    }

    /// Gives a row to each of `ids` that has none.
    ///
    /// Free rows are used first, the lowest first, then new rows.
    ///
    /// - Parameters:
    ///   - ids: the ids, all different.
    ///   - counts: the row counts, which the call updates.
    /// - Returns: the rows of all ids, in the order of `ids`, and for each id whether it had a row before.
    package func assign(
        _ ids: [String], counts: inout StoreState.RowCounts, in transaction: borrowing WriteTransaction
    ) throws -> (rows: [UInt32], existed: [Bool]) {
        let plan = try plan(ids, counts: counts, in: transaction)
        try record(plan, ids, counts: &counts, in: transaction)
        return (plan.rows, plan.existed)
    }

    /// The rows that ``assign(_:counts:in:)`` would give to `ids`; writes nothing.
    package func plan(
        _ ids: [String], counts: StoreState.RowCounts, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> RowPlan {
        var plan = RowPlan(count: ids.count)
        var newPositions: [Int] = []
        for (position, id) in ids.enumerated() {
            if counts.count > 0, let row = try row(of: id, in: transaction) {
                plan.rows[position] = row
                plan.existed[position] = true
            } else {
                newPositions.append(position)
            }
        }
        plan.free = try free(newPositions.count, in: transaction)
        for (index, position) in newPositions.enumerated() {
            plan.rows[position] =
                index < plan.free.count ? plan.free[index] : UInt32(counts.end + index - plan.free.count)
        }
        return plan
    }

    /// Writes the rows of a plan to the tables.
    ///
    /// - Parameters:
    ///   - plan: a plan for these ids; the tables must not have changed since it was made.
    ///   - ids: the ids.
    ///   - counts: the row counts, which the call updates.
    package func record(
        _ plan: RowPlan, _ ids: [String], counts: inout StoreState.RowCounts,
        in transaction: borrowing WriteTransaction
    ) throws {
        let newPositions = ids.indices.filter { !plan.existed[$0] }
        for row in plan.free { try transaction.remove(tables.free, row) }
        counts.end += max(0, newPositions.count - plan.free.count)
        counts.count += newPositions.count
        // Keys are written in ascending order, so that LMDB fills one page of the B-tree after the other.
        for position in newPositions {
            try transaction.put(tables.ids, plan.rows[position], ids[position])
        }
        for position in newPositions.sorted(by: { ids[$0].utf8.lexicographicallyPrecedes(ids[$1].utf8) }) {
            try transaction.put(tables.rows, ids[position], plan.rows[position])
        }
    }

    /// Removes the ids of rows and marks the rows as free.
    ///
    /// - Parameters:
    ///   - removed: the rows; rows that are not in use are ignored.
    ///   - counts: the row counts, which the call updates.
    package func release(
        _ removed: [UInt32], counts: inout StoreState.RowCounts, in transaction: borrowing WriteTransaction
    ) throws {
        for row in removed {
            guard let id = try id(of: row, in: transaction) else { continue }
            try transaction.remove(tables.rows, id)
            try transaction.remove(tables.ids, row)
            try transaction.put(tables.free, row, UInt32(0))
            counts.count -= 1
        }
    }

    /// The lowest free rows, in ascending order, at most `count`.
    private func free(_ count: Int, in transaction: borrowing some Transaction & ~Copyable) throws -> [UInt32] {
        guard count > 0 else { return [] }
        var free: [UInt32] = []
        try transaction.forEach(tables.free) { key, _ in
            free.append(try StoredNumber.uint32(key, "the number of a free row"))
            return free.count < count
        }
        return free
    }
}
