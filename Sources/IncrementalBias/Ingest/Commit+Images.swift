internal import LMDB
internal import ShardFormats

extension Commit {
    /// Adds or replaces the images of the current ``ShardGroup`` (shards that are applied together): stores their ids,
    /// vectors and codes, and computes and stores their heaps, means and thresholds.
    ///
    /// - Returns: for each id of the group whether it had an image before.
    mutating func addImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let maintenance = makeMaintenance(state.dimension)
        let (rows, existed) = try IdentityTable(tables: tables.images)
            .assign(group.ids, counts: &state.images, in: transaction)
        let basis = try maintenance.basis(forImages: group.values, references: state.references, in: transaction)
        try maintenance.storeFirstBasis(basis.basis, in: transaction)
        // Blocks of codes are usually the longest values, and LMDB stores each in consecutive pages. They are written
        // before vectors and heaps, whose shorter values would split the ranges of consecutive free pages.
        try maintenance.codes.write(group.values, rows: rows, pool: maintenance.pool, in: transaction)
        try maintenance.vectors(.images).write(group.values.span, rows: rows, in: transaction)
        try maintenance.buildHeaps(rows: rows, values: group.values, references: state.references, in: transaction)
        try maintenance.resetPendingEntries(
            of: zip(rows, existed).filter(\.1).map(\.0), images: state.images, in: transaction)
        try tables.cells.release(rows, inTail: true, maintenance.layout, in: transaction)
        changes.stored += rows
        return existed
    }

    /// Makes staged images visible to searches: stores their ids, means and thresholds.
    ///
    /// They are the images of a large shard, whose vectors, codes and heaps earlier commits have stored.
    mutating func publishStaged(
        _ images: StagedImages, ids: [String], in transaction: borrowing WriteTransaction
    ) throws {
        precondition(state == images.state, "the corpus has changed since the images were staged")
        state.dimension = images.dimension
        try IdentityTable(tables: tables.images).record(images.plan, ids, counts: &state.images, in: transaction)
        let maintenance = makeMaintenance(state.dimension)
        for computed in images.meansAndThresholds { try maintenance.writeMeansAndThresholds(computed, in: transaction) }
        try tables.cells.release(images.plan.rows, inTail: true, maintenance.layout, in: transaction)
        changes.stored += images.plan.rows
    }

    /// Removes the images of the group.
    ///
    /// Their codes stay, because searches skip a row whose mean is +infinity.
    ///
    /// - Returns: for each id of the group whether it had an image.
    mutating func deleteImages(in transaction: borrowing WriteTransaction) throws -> [Bool] {
        let (rows, existed) = try lookUpRows(.images, in: transaction)
        guard !rows.isEmpty else { return existed }
        changes.deleted += zip(rows, zip(group.ids, existed).filter(\.1).map(\.0)).map { ($0, $1) }
        let maintenance = makeMaintenance(state.dimension)
        try maintenance.vectors(.images).erase(rows: rows, in: transaction)
        try maintenance.eraseHeaps(rows: rows, in: transaction)
        try maintenance.resetPendingEntries(of: rows, images: state.images, in: transaction)
        try tables.cells.release(rows, inTail: false, maintenance.layout, in: transaction)
        try IdentityTable(tables: tables.images).release(rows, counts: &state.images, in: transaction)
        return existed
    }

    /// Looks up the rows of the group's ids.
    ///
    /// - Returns: the rows of the ids that have one, in the order of the ids, and for each id whether it has one.
    func lookUpRows(
        _ role: VectorRole, in transaction: borrowing WriteTransaction
    ) throws -> (rows: [UInt32], existed: [Bool]) {
        let identities = IdentityTable(tables: tables[role])
        let rows = try group.ids.map { try identities.row(of: $0, in: transaction) }
        return (rows.compactMap(\.self), rows.map { $0 != nil })
    }
}
