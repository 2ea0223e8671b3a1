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
    ///   - alphas: for each query its alpha.
    ///   - images: the counts of the images' rows.
    /// - Returns: for each query the images found, by falling score, and the number of exact scores computed.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    func run(
        queries: [Float], limits: [Int], candidates: [Int], alphas: [Float], images: StoreState.RowCounts,
        in transaction: borrowing ReadTransaction
    ) throws -> (best: [[ScoredRow]], rescored: Int) {
        let means = try mappedMeans(images, in: transaction)
        let estimated = try estimate(
            queries: queries, counts: candidates, alphas: alphas, images: images, in: transaction)
        let rescorer = ExactRescorer(
            queries: queries, alphas: alphas, means: means, layout: layout,
            vectors: VectorTable(database: tables.images.vectors, layout: layout.vectors), end: images.end, pool: pool)
        var best = limits.map(TopRows.init(limit:))
        // An estimate is no bound, so that all rows must be scored. Neighbouring rows follow one another.
        let intervals = estimated.map { rows in
            rows.sorted().map { ScoreInterval(row: $0, lower: -.infinity, upper: .infinity) }
        }
        let rescored = try rescorer.rescore([intervals], &best, in: transaction)
        return (best.map { $0.rows.sorted(by: >) }, rescored)
    }

    /// Finds the rows with the highest estimates.
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
