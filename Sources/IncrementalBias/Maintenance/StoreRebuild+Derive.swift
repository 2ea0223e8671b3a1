internal import LMDB
internal import ShardFormats

extension StoreRebuild {
    /// Computes and stores codes, heaps, means, thresholds and the lists of free rows, from the vectors and ids in
    /// `tables`.
    ///
    /// - Parameters:
    ///   - state: the counters of the store.
    ///   - settings: the settings of the new store.
    ///   - tables: the tables of the new store; vectors and ids have been copied.
    ///   - environment: the environment of the new store.
    ///   - progress: see ``run(progress:)``.
    /// - Throws: ``StoreError/damaged(_:)`` if vectors and ids do not match each other or the counters.
    func derive(
        _ state: StoreState, settings: StoreSettings, tables: Tables, in environment: LMDB.Environment,
        _ progress: (Progress) -> Void
    ) throws {
        guard state.dimension > 0 else {
            for role in VectorRole.allCases { try checkCount(role, 0, of: state, tables, in: environment) }
            return
        }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let maintenance = BiasMaintenance(layout: layout, tables: tables, k: state.k, pool: pool, priority: priority)
        var references = 0
        for rows in pieces(of: state.references, layout) {
            try priority.yieldToSearches()
            references += try environment.write { try check(.references, rows, maintenance, in: $0).rows.count }
        }
        try checkCount(.references, references, of: state, tables, in: environment)
        try environment.write { transaction in
            guard let basis = try maintenance.newBasis(state, in: transaction) else { return }
            try maintenance.storeFirstBasis(basis, in: transaction)
        }
        var images = 0
        for rows in pieces(of: state.images, layout) {
            progress(.computing(done: images, of: state.images.count))
            images += try environment.write {
                try deriveImages(rows, maintenance, references: state.references, in: $0)
            }
        }
        progress(.computing(done: images, of: state.images.count))
        try checkCount(.images, images, of: state, tables, in: environment)
    }

    /// Checks that the number of usable rows is that of the counters and of the ids.
    ///
    /// - Parameter used: the number of rows whose id and vector match.
    private func checkCount(
        _ role: VectorRole, _ used: Int, of state: StoreState, _ tables: Tables, in environment: LMDB.Environment
    ) throws {
        let (ids, rows) = try environment.read {
            (try $0.count(tables[role].ids), try $0.count(tables[role].rows))
        }
        guard [ids, rows, state[role].count].allSatisfy({ $0 == used }) else {
            throw StoreError.damaged(
                "the store counts \(state[role].count) \(role.rawValue); \(ids) have an id, and \(used) can be used")
        }
    }

    /// Computes and stores codes, heaps, means and thresholds of a range of rows.
    ///
    /// - Returns: the number of images in the range.
    private func deriveImages(
        _ rows: Range<UInt32>, _ maintenance: BiasMaintenance, references: StoreState.RowCounts,
        in transaction: borrowing WriteTransaction
    ) throws -> Int {
        let dimension = maintenance.layout.dimension
        let (images, values) = try check(.images, rows, maintenance, in: transaction)
        let isImage = RowSet(images)
        let freeRows = rows.filter { !isImage.contains($0) }
        // Codes are written before heaps, as in `Commit.addImages`. A scan needs a code in every row, so free rows get
        // zeros.
        let zeros = [Float](repeating: 0, count: freeRows.count * dimension)
        try maintenance.codes.write(values + zeros, rows: images + freeRows, pool: pool, in: transaction)
        try maintenance.buildHeaps(rows: images, values: values, references: references, in: transaction)
        try maintenance.eraseHeaps(rows: freeRows, in: transaction)
        return images.count
    }

    /// Checks the ids, vectors and checksums of a range of rows, and adds the rows without an id to the free rows.
    ///
    /// - Returns: the rows in use, and their vectors, rows.count x dimension.
    /// - Throws: ``StoreError/damaged(_:)`` with the first row whose id or vector is wrong.
    private func check(
        _ role: VectorRole, _ rows: Range<UInt32>, _ maintenance: BiasMaintenance,
        in transaction: borrowing WriteTransaction
    ) throws -> (rows: [UInt32], values: [Float]) {
        let tables = maintenance.tables[role]
        let identities = IdentityTable(tables: tables)
        let vectors = maintenance.vectors(role)
        var used: [UInt32] = []
        var values: [Float] = []
        for row in rows {
            let vector = try vectors.read(rows: [row], in: transaction)
            let isVector = vector.count == maintenance.layout.dimension && vector.allSatisfy(\.isFinite)
            guard let id = try identities.id(of: row, in: transaction) else {
                // A free row of images can have a vector: a large shard stores vectors before ids, and can be cut off.
                if isVector, role == .references {
                    throw StoreError.damaged("reference row \(row) has a vector and no id")
                }
                try transaction.put(tables.free, row, UInt32(0))
                continue
            }
            guard isVector else { throw StoreError.damaged("\(role.rawValue) row \(row), '\(id)', has no vector") }
            guard try identities.row(of: id, in: transaction) == row else {
                throw StoreError.damaged("\(role.rawValue) row \(row) has the id '\(id)', which names another row")
            }
            guard try vectors.isIntact(row: row, in: transaction) else {
                throw StoreError.damaged("\(role.rawValue) row \(row), '\(id)': the vector does not match its checksum")
            }
            used.append(row)
            values += vector
        }
        return (used, values)
    }

    /// Splits the rows of the images, or of the references, into ranges of whole blocks; each range is one commit.
    private func pieces(of rows: StoreState.RowCounts, _ layout: StoreLayout) -> [Range<UInt32>] {
        // A component has four bytes in the vector and one in the code.
        let bytesPerRow = layout.dimension * (4 + 1) + layout.heaps.wordsPerHeap * 4
        let blocks = max(1, Self.bytesPerCommit / (bytesPerRow * layout.rowsPerBlock))
        return stride(from: 0, to: rows.end, by: blocks * layout.rowsPerBlock).map { start in
            UInt32(start)..<UInt32(min(start + blocks * layout.rowsPerBlock, rows.end))
        }
    }
}
