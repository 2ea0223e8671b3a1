internal import LMDB
internal import Similarity

/// One pass over all images for a batch of queries: each block of vectors is read once, for all of them.
struct Scan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool

    /// Queries multiplied with a block at a time, so that their products stay in the cache.
    private static let queriesPerStep = 32

    /// The best rows for each query, by falling score.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension, prepared as the metric wants it.
    ///   - limits: how many rows each query wants.
    ///   - alphas: each query's alpha.
    ///   - images: the rows of the images.
    func run(
        queries: [Float], limits: [Int], alphas: [Float], images: StoreState.Rows,
        in transaction: borrowing ReadTransaction
    ) throws -> [[Candidate]] {
        let blocks = layout.blocks(for: images.end)
        let vectors = try VectorTable(database: tables.images.vectors, layout: layout)
            .pin(end: images.end, in: transaction)
        let means = try ColumnTable(database: tables.means, layout: layout).pin(blocks: 0..<blocks, in: transaction)
        let layout = layout
        let workers = try pool.run(count: blocks) {
            ScanWorker(layout: layout, limits: limits)
        } body: { worker, block in
            vectors.value(at: block) { vectors in
                means.value(at: block) { means in
                    worker.scan(
                        vectors: vectors, means: means, firstRow: UInt32(block * layout.rowsPerBlock),
                        queries: queries, alphas: alphas, step: Self.queriesPerStep)
                }
            }
        }
        return limits.indices.map { query in
            let candidates = workers.flatMap { $0.tops[query].candidates }
            return Array(candidates.sorted(by: >).prefix(limits[query]))
        }
    }
}

/// One thread's part in a scan.
private struct ScanWorker {
    private let layout: StoreLayout
    private let scratch = FloatScratch()
    private var products: [Float] = []
    private var scores: [Float]
    private var positions: [UInt32]
    private(set) var tops: [TopRows]

    init(layout: StoreLayout, limits: [Int]) {
        self.layout = layout
        scores = Array(repeating: 0, count: layout.rowsPerBlock)
        positions = Array(repeating: 0, count: layout.rowsPerBlock)
        tops = limits.map(TopRows.init(limit:))
    }

    /// Offers the rows of a block to all queries, `step` queries at a time.
    mutating func scan(
        vectors: RawSpan, means: RawSpan, firstRow: UInt32, queries: [Float], alphas: [Float], step: Int
    ) {
        let dimension = layout.dimension
        let rows = layout.rowsPerBlock
        if products.isEmpty { products = Array(repeating: 0, count: min(step, alphas.count) * rows) }
        layout.coding.withFloats(vectors, scratch: scratch) { matrix in
            NumberView.withFloats(means) { means in
                for start in stride(from: 0, to: alphas.count, by: step) {
                    let end = min(start + step, alphas.count)
                    Kernels.products(
                        matrix, queries.span.extracting(start * dimension..<end * dimension), dimension: dimension,
                        into: &products)
                    for query in start..<end {
                        select(query, at: (query - start) * rows, means: means, alpha: alphas[query], firstRow)
                    }
                }
            }
        }
    }

    private mutating func select(_ query: Int, at offset: Int, means: Span<Float>, alpha: Float, _ firstRow: UInt32) {
        let products = products
        let found = Kernels.scoresAbove(
            tops[query].threshold, similarities: products.span.extracting(offset..<offset + layout.rowsPerBlock),
            means: means, alpha: alpha, scores: &scores, positions: &positions)
        for i in 0..<found {
            let position = Int(positions[i])
            tops[query].offer(
                Candidate(
                    score: scores[position], similarity: products[offset + position],
                    row: firstRow + UInt32(position)))
        }
    }
}
