internal import LMDB
internal import Similarity

/// One pass over all images for a batch of queries: each block is read once, for all of them.
///
/// The pass reads codes, a byte per number. Their products bound each score from above; the vectors are read of those
/// rows only that the bounds can't exclude, and their exact products decide.
struct Scan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool

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
        let codes = try CodeTable(database: tables.codes, layout: layout).pin(end: images.end, in: transaction)
        let means = try ColumnTable(database: tables.means, layout: layout).pin(blocks: 0..<blocks, in: transaction)
        let layout = layout
        let coded = CodedQueries(queries.span, alphas: alphas, layout: layout.codes)
        let workers = try pool.run(count: blocks) {
            ScanWorker(layout: layout, queries: queries, coded: coded, alphas: alphas, limits: limits)
        } body: { worker, block in
            codes.value(at: block) { codes in
                means.value(at: block) { means in
                    vectors.value(at: block) { vectors in
                        worker.scan(
                            codes: codes, means: means, vectors: vectors,
                            firstRow: UInt32(block * layout.rowsPerBlock))
                    }
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
    private let queries: [Float]
    private let coded: CodedQueries
    private let alphas: [Float]
    private let scratch = FloatScratch()
    private var products: [Int32]
    private var bounds: [Float]
    private var positions: [UInt32]
    private(set) var tops: [TopRows]

    /// Queries multiplied with a block at a time, so that their products stay in the cache.
    private static let queriesPerStep = 32

    init(layout: StoreLayout, queries: [Float], coded: CodedQueries, alphas: [Float], limits: [Int]) {
        self.layout = layout
        self.queries = queries
        self.coded = coded
        self.alphas = alphas
        products = Array(repeating: 0, count: min(Self.queriesPerStep, coded.count) * layout.rowsPerBlock)
        bounds = Array(repeating: 0, count: layout.rowsPerBlock)
        positions = Array(repeating: 0, count: layout.rowsPerBlock)
        tops = limits.map(TopRows.init(limit:))
    }

    /// Offers the rows of a block to all queries.
    mutating func scan(codes: RawSpan, means: RawSpan, vectors: RawSpan, firstRow: UInt32) {
        NumberView.withFloats(means) { means in
            for start in stride(from: 0, to: coded.count, by: Self.queriesPerStep) {
                let step = start..<min(start + Self.queriesPerStep, coded.count)
                coded.products(codes, queries: step, into: &products)
                for query in step {
                    let found = coded.bounds(
                        query, codes, products: products, at: (query - start) * layout.rowsPerBlock, means: means,
                        above: tops[query].threshold, bounds: &bounds, positions: &positions)
                    for i in 0..<found { consider(Int(positions[i]), query, means: means, vectors, firstRow) }
                }
            }
        }
    }

    /// Computes the exact score of a row that a bound didn't exclude.
    private mutating func consider(
        _ slot: Int, _ query: Int, means: Span<Float>, _ vectors: RawSpan, _ firstRow: UInt32
    ) {
        // Rows offered since the bounds were compared may have raised the threshold.
        guard bounds[slot] > tops[query].threshold else { return }
        let dimension = layout.dimension
        let row = vectors.extracting(layout.vectors(slot..<slot + 1))
        let similarity = layout.coding.withFloats(row, scratch: scratch) { row in
            Kernels.product(row, queries.span.extracting(query * dimension..<(query + 1) * dimension))
        }
        tops[query].offer(
            Candidate(
                score: similarity - alphas[query] * means[slot], similarity: similarity,
                row: firstRow + UInt32(slot)))
    }
}
