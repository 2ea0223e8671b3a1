internal import LMDB
internal import ShardFormats

extension StoreRebuild {
    /// Computes everything that follows from vectors and ids, which must be there.
    func derive(
        _ state: StoreState, settings: StoreSettings, tables: Tables, in environment: LMDB.Environment,
        _ progress: (Progress) -> Void
    ) throws {
        guard state.dimension > 0 else {
            for kind in VectorRole.allCases { try checkCount(kind, 0, of: state, tables, in: environment) }
            return
        }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let maintenance = BiasMaintenance(layout: layout, tables: tables, k: state.k, pool: pool, gate: gate)
        var references = 0
        for rows in pieces(of: state.references, layout) {
            try gate.pass()
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

    /// Looks whether as many rows are used as the state says, and as there are ids.
    private func checkCount(
        _ kind: VectorRole, _ used: Int, of state: StoreState, _ tables: Tables, in environment: LMDB.Environment
    ) throws {
        let (ids, rows) = try environment.read {
            (try $0.count(tables[kind].ids), try $0.count(tables[kind].rows))
        }
        guard [ids, rows, state[kind].count].allSatisfy({ $0 == used }) else {
            throw StoreError.damaged(
                "there are \(state[kind].count) \(kind.rawValue), and \(ids) have an id, of which \(used) can be used")
        }
    }

    /// Computes codes, heaps, means and thresholds of a range of rows.
    ///
    /// - Returns: how many of them are images.
    private func deriveImages(
        _ rows: Range<UInt32>, _ maintenance: BiasMaintenance, references: StoreState.Rows,
        in transaction: borrowing WriteTransaction
    ) throws -> Int {
        let dimension = maintenance.layout.dimension
        let (images, values) = try check(.images, rows, maintenance, in: transaction)
        let isImage = RowSet(images)
        let others = rows.filter { !isImage.contains($0) }
        // The longest values first, as in a commit. Every block must be there, with a code for each row.
        let zeros = [Float](repeating: 0, count: others.count * dimension)
        try maintenance.codes.write(values + zeros, rows: images + others, pool: pool, in: transaction)
        try maintenance.buildHeaps(rows: images, values: values, references: references, in: transaction)
        try maintenance.eraseHeaps(rows: others, in: transaction)
        return images.count
    }

    /// Looks whether ids and vectors of a range of rows belong together, and notes which rows are free.
    ///
    /// - Returns: the rows that are used, and their vectors, rows x dimension.
    private func check(
        _ kind: VectorRole, _ rows: Range<UInt32>, _ maintenance: BiasMaintenance,
        in transaction: borrowing WriteTransaction
    ) throws -> (rows: [UInt32], values: [Float]) {
        let tables = maintenance.tables[kind]
        let identities = IdentityTable(tables: tables)
        let vectors = maintenance.vectors(kind)
        var used: [UInt32] = []
        var values: [Float] = []
        for row in rows {
            let vector = try vectors.read(rows: [row], in: transaction)
            let isVector = vector.count == maintenance.layout.dimension && vector.allSatisfy(\.isFinite)
            guard let id = try identities.id(of: row, in: transaction) else {
                if isVector, kind == .references {
                    throw StoreError.damaged("reference row \(row) has a vector and no id")
                }
                try transaction.put(tables.free, row, UInt32(0))
                continue
            }
            guard isVector else { throw StoreError.damaged("\(kind.rawValue) row \(row), '\(id)', has no vector") }
            guard try identities.row(of: id, in: transaction) == row else {
                throw StoreError.damaged("\(kind.rawValue) row \(row) has the id '\(id)', which names another row")
            }
            guard try vectors.isIntact(row: row, in: transaction) else {
                throw StoreError.damaged("\(kind.rawValue) row \(row), '\(id)', has another vector than was stored")
            }
            used.append(row)
            values += vector
        }
        return (used, values)
    }

    /// The rows of one kind, a few blocks at a time: each for a commit of its own.
    private func pieces(of rows: StoreState.Rows, _ layout: StoreLayout) -> [Range<UInt32>] {
        let bytesPerRow = layout.dimension * 5 + layout.heaps.wordsPerHeap * 4
        let blocks = max(1, Self.bytesPerCommit / (bytesPerRow * layout.rowsPerBlock))
        return stride(from: 0, to: rows.end, by: blocks * layout.rowsPerBlock).map { start in
            UInt32(start)..<UInt32(min(start + blocks * layout.rowsPerBlock, rows.end))
        }
    }
}
