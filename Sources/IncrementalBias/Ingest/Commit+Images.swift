internal import LMDB
internal import ShardFormats

extension Commit {
    /// Stores the run's images, new or replaced, and computes their heaps.
    ///
    /// - Returns: for each id of the run whether it had an image before.
    mutating func addImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let maintenance = makeMaintenance(state.dimension)
        let (rows, existed) = try IdentityTable(tables: tables.images)
            .assign(run.ids, rows: &state.images, in: transaction)
        // The longest values first, before short values use up the runs of neighbouring free pages.
        try maintenance.codes.write(run.values, rows: rows, pool: maintenance.pool, in: transaction)
        try maintenance.vectors(.images).write(run.values.span, rows: rows, in: transaction)
        try maintenance.buildHeaps(rows: rows, values: run.values, references: state.references, in: transaction)
        return existed
    }

    /// Makes staged images known: stores their ids, means and thresholds.
    mutating func publishStaged(
        _ images: StagedImages, ids: [String], in transaction: borrowing WriteTransaction
    ) throws {
        precondition(state == images.state, "the corpus has changed since the images were staged")
        state.dimension = images.dimension
        try IdentityTable(tables: tables.images).record(images.plan, ids, rows: &state.images, in: transaction)
        let maintenance = makeMaintenance(state.dimension)
        for changes in images.columns { try maintenance.writeColumns(changes, in: transaction) }
    }

    /// Removes the run's images.
    ///
    /// - Returns: for each id of the run whether it had an image.
    mutating func deleteImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let (rows, existed) = try find(.images, in: transaction)
        guard !rows.isEmpty else { return existed }
        let maintenance = makeMaintenance(state.dimension)
        try maintenance.vectors(.images).erase(rows: rows, in: transaction)
        try maintenance.eraseHeaps(rows: rows, in: transaction)
        try IdentityTable(tables: tables.images).release(rows, rows: &state.images, in: transaction)
        return existed
    }

    /// Looks up the run's ids.
    ///
    /// - Returns: the rows of the known ids, and for each id whether it is known.
    func find(
        _ role: VectorRole, in transaction: borrowing WriteTransaction
    ) throws -> (rows: [UInt32], existed: [Bool]) {
        let identities = IdentityTable(tables: tables[role])
        let rows = try run.ids.map { try identities.row(of: $0, in: transaction) }
        return (rows.compactMap(\.self), rows.map { $0 != nil })
    }
}
