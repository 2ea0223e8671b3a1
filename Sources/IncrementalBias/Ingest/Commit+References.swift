internal import Foundation
internal import LMDB
internal import ShardFormats

extension Commit {
    /// Stores the run's references, new or replaced, removes those that retention doesn't keep, and updates all heaps in one
    /// pass.
    ///
    /// - Returns: for each id of the run whether it had a reference before.
    mutating func addReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let countBefore = state.references.count
        let (rows, existed) = try IdentityTable(tables: tables.references)
            .assign(run.ids, rows: &state.references, in: transaction)
        try tables.arrivals.append(rows, time: time, next: &state.nextArrival, in: transaction)
        let maintenance = makeMaintenance(state.dimension)
        try maintenance.vectors(.references).write(run.values.span, rows: rows, in: transaction)
        let replaced = zip(rows, existed).filter(\.1).map(\.0)
        let retired = try expired(in: transaction)
        summary.retired += retired.count
        try change(
            removed: retired, replaced: replaced, added: rows, values: run.values,
            countBefore: countBefore, in: transaction)
        return existed
    }

    /// Removes the run's references.
    ///
    /// - Returns: for each id of the run whether it had a reference.
    mutating func deleteReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let (rows, existed) = try find(.references, in: transaction)
        if !rows.isEmpty { try change(removed: rows, countBefore: state.references.count, in: transaction) }
        return existed
    }

    /// Removes the references that retention doesn't keep.
    mutating func retire(in transaction: borrowing WriteTransaction) throws {
        let rows = try expired(in: transaction)
        summary.retired += rows.count
        if !rows.isEmpty { try change(removed: rows, countBefore: state.references.count, in: transaction) }
    }

    private func expired(in transaction: borrowing WriteTransaction) throws -> [UInt32] {
        try retention.expired(among: state.references.count, tables.arrivals, now: now, in: transaction)
    }

    /// Removes references from the corpus, and updates all heaps for the removed and the added ones.
    ///
    /// - Parameters:
    ///   - removed: rows that leave the corpus. A row can be added and removed in one commit.
    ///   - replaced: rows that get another vector, all of them among the added ones.
    ///   - added: rows that get a vector, which is stored already.
    ///   - values: the vectors of the added rows, added.count x dimension.
    ///   - countBefore: the number of references before any was added.
    private mutating func change(
        removed: [UInt32], replaced: [UInt32] = [], added: [UInt32] = [], values: [Float] = [], countBefore: Int,
        in transaction: borrowing WriteTransaction
    ) throws {
        let maintenance = makeMaintenance(state.dimension)
        let leaving = RowSet(removed)
        let kept = RowSet(replaced)
        let fresh = RowSet(added.filter { !kept.contains($0) })
        var change = ReferenceChange(
            removed: RowSet(replaced + removed.filter { !fresh.contains($0) }), countBetween: 0, count: 0)
        change.countBetween = countBefore - change.removed.count
        (change.addedRows, change.addedValues) = (added, values)
        if added.contains(where: leaving.contains) {
            let staying = added.indices.filter { !leaving.contains(added[$0]) }
            change.addedRows = staying.map { added[$0] }
            change.addedValues = staying.flatMap { row in
                values[row * state.dimension..<(row + 1) * state.dimension]
            }
        }
        try tables.arrivals.remove(removed, in: transaction)
        try maintenance.vectors(.references).erase(rows: removed, in: transaction)
        try IdentityTable(tables: tables.references).release(removed, rows: &state.references, in: transaction)
        change.count = state.references.count
        summary.refilledHeaps += try maintenance.apply(
            change, images: state.images, references: state.references, in: transaction)
    }

    /// The time of the commit in milliseconds since 1970.
    private var time: UInt64 { UInt64(max(0, now.timeIntervalSince1970 * 1000)) }
}
