internal import LMDB
internal import ShardFormats

extension StoreRebuild {
    /// Computes everything that is derived from vectors and ids, which have been copied.
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

    /// Checks that the rows in use are as many as the state says, and as the ids.
    private func checkCount(
        _ role: VectorRole, _ used: Int, of state: StoreState, _ tables: Tables, in environment: LMDB.Environment
    ) throws {
        let (ids, rows) = try environment.read {
            (try $0.count(tables[role].ids), try $0.count(tables[role].rows))
        }
        guard [ids, rows, state[role].count].allSatisfy({ $0 == used }) else {
            throw StoreError.damaged(
                "there are \(state[role].count) \(role.rawValue), and \(ids) have an id, of which \(used) can be used")
        }
    }

    /// Computes codes, heaps, means and thresholds of a range of rows.
    ///
    /// - Returns: the number of images among them.
    private func deriveImages(
        _ rows: Range<UInt32>, _ maintenance: BiasMaintenance, references: StoreState.Rows,
        in transaction: borrowing WriteTransaction
    ) throws -> Int {
        let dimension = maintenance.layout.dimension
        let (images, values) = try check(.images, rows, maintenance, in: transaction)
        let isImage = RowSet(images)
        let others = rows.filter { !isImage.contains($0) }
        // The longest values first, as in a commit. A scan needs every block, with a code for each row.
        let zeros = [Float](repeating: 0, count: others.count * dimension)
        try maintenance.codes.write(values + zeros, rows: images + others, pool: pool, in: transaction)
        try maintenance.buildHeaps(rows: images, values: values, references: references, in: transaction)
        try maintenance.eraseHeaps(rows: others, in: transaction)
        return images.count
    }

    /// Checks that ids and vectors of a range of rows belong together, and records the free rows.
    ///
    /// - Returns: the rows in use, and their vectors, rows x dimension.
    /// - Throws: ``StoreError/damaged(_:)``.
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
                throw StoreError.damaged("\(role.rawValue) row \(row), '\(id)', has another vector than was stored")
            }
            used.append(row)
            values += vector
        }
        return (used, values)
    }

    /// The rows of the images or of the references in ranges of some blocks, each for a commit of its own.
    private func pieces(of rows: StoreState.Rows, _ layout: StoreLayout) -> [Range<UInt32>] {
        let bytesPerRow = layout.dimension * 5 + layout.heaps.wordsPerHeap * 4
        let blocks = max(1, Self.bytesPerCommit / (bytesPerRow * layout.rowsPerBlock))
        return stride(from: 0, to: rows.end, by: blocks * layout.rowsPerBlock).map { start in
            UInt32(start)..<UInt32(min(start + blocks * layout.rowsPerBlock, rows.end))
        }
    }
}
