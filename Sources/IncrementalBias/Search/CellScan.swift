internal import LMDB
internal import VectorMath

/// Finds the rows with the highest estimated scores in some cells and in the tail.
///
/// The tail has the images without cells; every query reads all of it. Each query also reads the cells that
/// ``CellRanking`` ranks first for it. A list is read once for all queries that read it.
struct CellScan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool
    let directory: CellDirectory

    /// The number of cells, or of groups of the tail, that a thread takes at a time.
    private static let cellsPerPiece = 4
    private static let groupsPerPiece = 32

    /// What a scan has found for one query.
    struct Found: Sendable {
        /// The rows by falling estimate.
        var rows: [UInt32]
        /// The number of entries that were read, in lists and in groups of the tail.
        ///
        /// A row in two lists counts twice. Stale entries count too.
        var scanned: Int
    }

    /// Finds rows.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension, normalised under the cosine metric.
    ///   - counts: for each query the number of rows to find.
    ///   - probes: for each query the number of cells to read.
    ///   - alphas: for each query the weight of the mean in its scores: score = similarity - alpha x mean.
    ///   - means: for each image the mean of its largest similarities to references, mapped.
    ///   - images: the numbers of image rows in this transaction.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    func run(
        queries: [Float], counts: [Int], probes: [Int], alphas: [Float], means: MappedValues,
        images: StoreState.RowCounts, in transaction: borrowing ReadTransaction
    ) throws -> [Found] {
        let plan = try plan(queries, probes: probes, alphas: alphas, in: transaction)
        let lists = CellListTable(tables: tables, layout: layout)
        let chunks = try lists.mapped(plan.cells.map(\.cell), of: directory, in: transaction)
        let tail = try tables.cells.tailGroups(layout, in: transaction)
        let signs = try CodeTable(tables: tables, layout: layout).mappedSigns(tail.map(\.block), in: transaction)
        let context = CellScanContext(
            lists: lists, chunks: chunks, plan: plan, tail: tail, signs: signs, means: means,
            pairs: try tables.cells.mappedPairs(layout, end: images.end, in: transaction), layout: layout,
            queries: EstimateQueries(
                queries, alphas: alphas,
                bases: try CodeTable(tables: tables, layout: layout).bases(in: transaction), layout: lists.layout))
        let cellPieces = (plan.cells.count + Self.cellsPerPiece - 1) / Self.cellsPerPiece
        let tailPieces = (tail.count + Self.groupsPerPiece - 1) / Self.groupsPerPiece
        let workers = try pool.run(count: cellPieces + tailPieces) {
            CellScanWorker(context: context, counts: counts)
        } body: { worker, piece in
            if piece < cellPieces {
                let start = piece * Self.cellsPerPiece
                for index in start..<min(start + Self.cellsPerPiece, plan.cells.count) { try worker.scan(list: index) }
            } else {
                let start = (piece - cellPieces) * Self.groupsPerPiece
                for index in start..<min(start + Self.groupsPerPiece, tail.count) { try worker.scan(tail: index) }
            }
        }
        let found = workers.map(\.rows)
        return counts.indices.map { query in
            Found(
                rows: found.flatMap { $0[query] }.sorted(by: >).prefix(counts[query]).map(\.row),
                scanned: plan.entries[query] + tail.count * CodeLayout.rowsPerGroup)
        }
    }

    /// Chooses the cells that each query reads.
    private func plan(
        _ queries: [Float], probes: [Int], alphas: [Float], in transaction: borrowing ReadTransaction
    ) throws -> CellPlan {
        let ranking = CellRanking(
            directory: directory,
            centers: try tables.cells.trained(directory, dimension: layout.dimension, in: transaction).centers,
            dimension: layout.dimension, pool: pool)
        let scores = try ranking.scores(queries, alphas: alphas)
        let best = probes.indices.map { query in
            CellRanking.best(
                scores[query * directory.count..<(query + 1) * directory.count], limit: probes[query])
        }
        return CellPlan(cells: best, of: directory)
    }
}

/// The cells that queries read.
struct CellPlan: Sendable {
    /// The cells that at least one query reads, ordered by the best rank that a query gives them.
    ///
    /// `queries` are the queries that read the cell. `firstChunk` is the index of its first chunk among the mapped
    /// chunks of all these cells.
    private(set) var cells: [(cell: Int, queries: [Int], firstChunk: Int)] = []
    /// For each query the number of list entries that it reads, stale ones included.
    private(set) var entries: [Int]
    /// For each query a bit for each cell: whether it reads the cell.
    private var bits: [[UInt64]]

    /// - Parameter cells: for each query the cells that it reads, by falling score.
    init(cells: [[Int]], of directory: CellDirectory) {
        entries = cells.map { $0.reduce(0) { $0 + Int(directory.entries[$1]) } }
        bits = cells.map { _ in Array(repeating: 0, count: directory.count / 64 + 1) }
        var queries = [[Int]](repeating: [], count: directory.count)
        for (query, cells) in cells.enumerated() {
            for cell in cells {
                queries[cell].append(query)
                bits[query][cell / 64] |= 1 << UInt64(cell % 64)
            }
        }
        var chunk = 0
        for rank in 0..<(cells.map(\.count).max() ?? 0) {
            for own in cells where rank < own.count && !queries[own[rank]].isEmpty {
                let cell = own[rank]
                self.cells.append((cell, queries[cell], chunk))
                queries[cell] = []
                chunk += CellListTable.chunks(for: Int(directory.entries[cell]))
            }
        }
    }

    /// Whether a query reads a cell.
    func reads(_ cell: UInt16, query: Int) -> Bool {
        let word = Int(cell) / 64
        return word < bits[query].count && bits[query][word] >> UInt64(cell % 64) & 1 == 1
    }
}
