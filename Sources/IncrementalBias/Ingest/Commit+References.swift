internal import Foundation
internal import LMDB
internal import ShardFormats

extension Commit {
    /// Adds or replaces the references of the group, removes the references that retention does not keep, and updates
    /// all heaps in one pass.
    ///
    /// - Returns: for each id of the group whether it had a reference before.
    mutating func addReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let countBefore = state.references.count
        let (rows, existed) = try IdentityTable(tables: tables.references)
            .assign(group.ids, counts: &state.references, in: transaction)
        // `finish` raises the generation.
        try tables.arrivals.append(
            rows, group.source, time: time, generation: state.generation + 1, next: &state.nextArrival,
            in: transaction)
        let maintenance = makeMaintenance(state.dimension)
        try maintenance.vectors(.references).write(group.values.span, rows: rows, in: transaction)
        let replaced = zip(rows, existed).filter(\.1).map(\.0)
        let retired = try referencesToRemove(in: transaction)
        summary.retired += retired.count
        try applyChange(
            removed: retired, replaced: replaced, added: rows, values: group.values,
            countBefore: countBefore, in: transaction)
        return existed
    }

    /// Removes the references of the group, and updates all heaps.
    ///
    /// - Returns: for each id of the group whether it had a reference.
    mutating func deleteReferences(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let (rows, existed) = try lookUpRows(.references, in: transaction)
        if !rows.isEmpty { try applyChange(removed: rows, countBefore: state.references.count, in: transaction) }
        return existed
    }

    /// Removes the references that retention does not keep, and updates all heaps.
    mutating func retire(in transaction: borrowing WriteTransaction) throws {
        let rows = try referencesToRemove(in: transaction)
        summary.retired += rows.count
        if !rows.isEmpty { try applyChange(removed: rows, countBefore: state.references.count, in: transaction) }
        try forgetDimensionIfEmpty(in: transaction)
    }

    /// The rows of the references that retention does not keep, the oldest first.
    private func referencesToRemove(in transaction: borrowing WriteTransaction) throws -> [UInt32] {
        try retention.rowsToRemove(count: state.references.count, tables.arrivals, now: now, in: transaction)
    }

    /// Removes references from the tables, and updates all heaps for the removed and the added references.
    ///
    /// The vectors of added references must be in the tables already.
    ///
    /// - Parameters:
    ///   - removed: the rows of references that leave the corpus. A row can be in `added` too: if a shard has more rows
    ///     than retention keeps, its first rows are added and removed in the same commit.
    ///   - replaced: the rows of `added` that had another vector before.
    ///   - added: the rows of new and replaced references.
    ///   - values: the vectors of the added rows, added.count x dimension.
    ///   - countBefore: the number of references before the addition.
    private mutating func applyChange(
        removed: [UInt32], replaced: [UInt32] = [], added: [UInt32] = [], values: [Float] = [], countBefore: Int,
        in transaction: borrowing WriteTransaction
    ) throws {
        let maintenance = makeMaintenance(state.dimension)
        let removedSet = RowSet(removed)
        let replacedSet = RowSet(replaced)
        // No heap contains a new reference yet, so a new reference is never removed from a heap.
        let newSet = RowSet(added.filter { !replacedSet.contains($0) })
        var change = ReferenceChange(
            removed: RowSet(replaced + removed.filter { !newSet.contains($0) }), countAfterRemoval: 0,
            countAfterChange: 0)
        change.countAfterRemoval = countBefore - change.removed.count
        (change.addedRows, change.addedValues) = (added, values)
        if added.contains(where: removedSet.contains) {
            let staying = added.indices.filter { !removedSet.contains(added[$0]) }
            change.addedRows = staying.map { added[$0] }
            change.addedValues = staying.flatMap { row in
                values[row * state.dimension..<(row + 1) * state.dimension]
            }
        }
        try tables.arrivals.remove(removed, in: transaction)
        try maintenance.vectors(.references).erase(rows: removed, in: transaction)
        try IdentityTable(tables: tables.references).release(removed, counts: &state.references, in: transaction)
        change.countAfterChange = state.references.count
        let effect = try maintenance.apply(
            change, images: state.images, references: state.references, in: transaction)
        summary.refilledHeaps += effect.refilledHeaps
        changes.means += effect.changedMeans
    }

    /// The time of the commit in milliseconds since 1970.
    private var time: UInt64 { UInt64(max(0, now.timeIntervalSince1970 * 1000)) }
}
