internal import VectorMath

/// The part of one thread in the pass over the codes: collects the rows that bounds don't exclude.
struct ScanWorker {
    private let layout: StoreLayout
    private let coded: CodedQueries
    private var products: [Int32]
    private var bounds: ScoreIntervals
    /// For each query the largest lower bounds: as many rows as it wants score at least the smallest of them.
    private var lowers: [TopNumbers]
    /// For each query the collected rows.
    private(set) var found: [[ScoreInterval]]
    /// The number of collected rows of all queries.
    private(set) var count = 0

    /// Queries multiplied with a block at a time, so that the products stay in the cache.
    private static let queriesPerStep = 32

    init(layout: StoreLayout, coded: CodedQueries, limits: [Int], thresholds: [Float]) {
        self.layout = layout
        self.coded = coded
        products = Array(repeating: 0, count: min(Self.queriesPerStep, coded.count) * layout.rowsPerBlock)
        bounds = ScoreIntervals(count: layout.rowsPerBlock)
        lowers = zip(limits, thresholds).map { TopNumbers(limit: $0, above: $1) }
        found = limits.map { _ in [] }
    }

    /// Collects the rows of a block that can be among the best.
    ///
    /// - Parameter firstRow: the number of the block's first row.
    mutating func scan(codes: RawSpan, means: RawSpan, firstRow: UInt32) {
        // A local copy: threads that retain its arrays through `self` for each query contend for the reference counts.
        let coded = coded
        NumberView.withFloats(means) { means in
            for start in stride(from: 0, to: coded.count, by: Self.queriesPerStep) {
                let step = start..<min(start + Self.queriesPerStep, coded.count)
                coded.products(codes, queries: step, into: &products)
                for query in step {
                    let passed = coded.collect(
                        query, codes, count: layout.rowsPerBlock, products: products,
                        at: (query - start) * layout.rowsPerBlock, means: means, from: lowers[query].threshold,
                        into: &bounds)
                    for index in 0..<passed { collect(bounds[index], query, firstRow) }
                }
            }
        }
    }

    private mutating func collect(_ bound: (row: Int, lower: Float, upper: Float), _ query: Int, _ firstRow: UInt32) {
        // Rows collected since the bounds were compared may have raised the threshold.
        guard bound.upper >= lowers[query].threshold else { return }
        lowers[query].offer(bound.lower)
        found[query].append(
            ScoreInterval(row: firstRow + UInt32(bound.row), lower: bound.lower, upper: bound.upper))
        count += 1
    }
}
