internal import LMDB
internal import VectorMath

/// Finds images with high scores for some queries, approximately and in two steps.
///
/// 1. A pass over the sign codes of all images estimates each score. It keeps the rows with the highest estimates.
/// 2. ``ExactRescorer`` computes exact scores of these rows.
///
/// An image whose estimate is too low is missed. More rows in step 2 make this rarer; ``RecallCalibration`` says how
/// many are enough.
struct ApproximateScan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool

    /// The number of blocks that a thread takes at a time, because one block may take only microseconds.
    private static let blocksPerPiece = 16

    /// Finds images for each query.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension, normalised under the cosine metric.
    ///   - limits: for each query the number of images to find.
    ///   - candidates: for each query the number of rows to score exactly, at least its limit.
    ///   - probes: for each query the number of cells to read; `nil` for all rows.
    ///   - alphas: for each query its alpha.
    ///   - images: the counts of the images' rows.
    /// - Returns: for each query the images found, by falling score, and the number of rows that were estimated; the
    ///   number of exact scores computed.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    func run(
        queries: [Float], limits: [Int], candidates: [Int], probes: [Int?], alphas: [Float],
        images: StoreState.RowCounts, in transaction: borrowing ReadTransaction
    ) throws -> (best: [[ScoredRow]], scanned: [Int], rescored: Int) {
        let means = try mappedMeans(images, in: transaction)
        let found = try estimate(
            queries: queries, counts: candidates, probes: probes, alphas: alphas, images: images, in: transaction)
        let rescorer = ExactRescorer(
            queries: queries, alphas: alphas, means: means, layout: layout,
            vectors: VectorTable(database: tables.images.vectors, layout: layout.vectors), end: images.end, pool: pool)
        var best = limits.map(TopRows.init(limit:))
        // An estimate is no bound, so that all rows must be scored. Neighbouring rows follow one another.
        let intervals = found.map { found in
            found.rows.sorted().map { ScoreInterval(row: $0, lower: -.infinity, upper: .infinity) }
        }
        let rescored = try rescorer.rescore([intervals], &best, in: transaction)
        return (best.map { $0.rows.sorted(by: >) }, found.map(\.scanned), rescored)
    }

    /// Finds the rows with the highest estimates: for queries with a number of probes among the rows of so many cells,
    /// for others among all rows.
    private func estimate(
        queries: [Float], counts: [Int], probes: [Int?], alphas: [Float], images: StoreState.RowCounts,
        in transaction: borrowing ReadTransaction
    ) throws -> [CellScan.Found] {
        let dimension = layout.dimension
        var found = [CellScan.Found?](repeating: nil, count: counts.count)
        func vectors(_ numbers: [Int]) -> [Float] {
            numbers.count == counts.count
                ? queries : numbers.flatMap { queries[$0 * dimension..<($0 + 1) * dimension] }
        }
        let probing = probes.indices.filter { probes[$0] != nil }
        if !probing.isEmpty, let directory = try tables.cells.readableDirectory(in: transaction),
            directory.phase == .ready
        {
            let scan = CellScan(layout: layout, tables: tables, pool: pool, directory: directory)
            let results = try unlessDamaged {
                try scan.run(
                    queries: vectors(probing), counts: probing.map { counts[$0] },
                    probes: probing.compactMap { probes[$0] }, alphas: probing.map { alphas[$0] },
                    means: mappedMeans(images, in: transaction), images: images, in: transaction)
            }
            for (query, result) in zip(probing, results ?? []) { found[query] = result }
        }
        let others = found.indices.filter { found[$0] == nil }
        if !others.isEmpty {
            let results = try estimate(
                queries: vectors(others), counts: others.map { counts[$0] }, alphas: others.map { alphas[$0] },
                images: images, in: transaction)
            for (query, rows) in zip(others, results) { found[query] = .init(rows: rows, scanned: images.end) }
        }
        return found.compactMap(\.self)
    }

    /// Reads cells; if they are damaged, reports it, so that they are removed.
    ///
    /// - Returns: `nil` if the cells are damaged; all rows are estimated then.
    private func unlessDamaged<R>(_ read: () throws -> R) throws -> R? {
        do {
            return try read()
        } catch StoreError.damaged {
            tables.cells.reportDamage()
        } catch let error as LMDBError where error.isDamage {
            tables.cells.reportDamage()
        }
        return nil
    }

    /// Finds the rows with the highest estimates among all rows.
    ///
    /// - Parameters:
    ///   - counts: for each query the number of rows to find.
    /// - Returns: for each query the rows, by falling estimate.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    func estimate(
        queries: [Float], counts: [Int], alphas: [Float], images: StoreState.RowCounts,
        in transaction: borrowing ReadTransaction
    ) throws -> [[UInt32]] {
        let blockCount = layout.blocks(for: images.end)
        let table = CodeTable(tables: tables, layout: layout)
        let signs = try table.mappedSigns(blocks: 0..<blockCount, in: transaction)
        let means = try mappedMeans(images, in: transaction)
        guard signs.isComplete else { throw StoreError.damaged("a block of images is missing") }
        let estimateQueries = EstimateQueries(
            queries, alphas: alphas, bases: try table.bases(in: transaction), layout: layout.codes)
        let layout = layout
        let pieces = (blockCount + Self.blocksPerPiece - 1) / Self.blocksPerPiece
        let workers = try pool.run(count: pieces) {
            EstimateWorker(layout: layout, estimateQueries: estimateQueries, counts: counts)
        } body: { worker, piece in
            let start = piece * Self.blocksPerPiece
            for block in start..<min(start + Self.blocksPerPiece, blockCount) {
                try signs.value(at: block) { signs in
                    try means.value(at: block) { means in
                        try worker.scan(signs: signs, means: means, firstRow: UInt32(block * layout.rowsPerBlock))
                    }
                }
            }
        }
        let found = workers.map(\.rows)
        return counts.indices.map { query in
            found.flatMap { $0[query] }.sorted(by: >).prefix(counts[query]).map(\.row)
        }
    }

    private func mappedMeans(
        _ images: StoreState.RowCounts, in transaction: borrowing ReadTransaction
    ) throws -> MappedValues {
        let means = try ColumnTable(database: tables.means, layout: layout)
            .mapped(blocks: 0..<layout.blocks(for: images.end), in: transaction)
        guard means.isComplete else { throw StoreError.damaged("a block of images is missing") }
        return means
    }
}
