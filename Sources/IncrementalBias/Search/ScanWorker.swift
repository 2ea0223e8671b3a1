internal import VectorMath

/// One thread's part of the pass over the codes: collects candidates, the rows that bounds do not exclude.
struct ScanWorker {
    private let layout: StoreLayout
    private let queryCodes: CodedQueries
    /// Products of codes, queries of one step x rows of a block.
    private var codeProducts: [Int32]
    /// The rows of one block that bounds did not exclude for one query; their row numbers are positions in the block.
    private var bounds: ScoreIntervals
    /// For each query the largest lower bounds of its candidates, as many as it has results.
    ///
    /// At least so many rows score the smallest of these or more, so a row with a lower upper bound is excluded.
    private var lowerBounds: [TopNumbers]
    /// For each query its candidates.
    private(set) var candidates: [[ScoreInterval]]
    /// The number of candidates of all queries.
    private(set) var candidateCount = 0

    /// The number of queries that are multiplied with a block at a time.
    ///
    /// The products of so few stay in the CPU's cache.
    private static let queriesPerStep = 32

    /// - Parameters:
    ///   - layout: the sizes of the store's blocks.
    ///   - queryCodes: the codes of the queries.
    ///   - limits: for each query the number of images to find.
    ///   - thresholds: for each query a score that at least that many images are known to reach, or -infinity.
    init(layout: StoreLayout, queryCodes: CodedQueries, limits: [Int], thresholds: [Float]) {
        self.layout = layout
        self.queryCodes = queryCodes
        codeProducts = Array(repeating: 0, count: min(Self.queriesPerStep, queryCodes.count) * layout.rowsPerBlock)
        bounds = ScoreIntervals(count: layout.rowsPerBlock)
        lowerBounds = zip(limits, thresholds).map { TopNumbers(limit: $0, minimum: $1) }
        candidates = limits.map { _ in [] }
    }

    /// Collects the candidates of one block.
    ///
    /// - Parameters:
    ///   - codes: the block of codes.
    ///   - means: the block of means, one float for each row.
    ///   - firstRow: the row at the first position of the block.
    mutating func scan(codes: RawSpan, means: RawSpan, firstRow: UInt32) {
        // A local copy: accesses through `self` would change the arrays' reference counts for each query, and all
        // threads share these counts.
        let queryCodes = queryCodes
        NumberView.withFloats(means) { means in
            for start in stride(from: 0, to: queryCodes.count, by: Self.queriesPerStep) {
                let step = start..<min(start + Self.queriesPerStep, queryCodes.count)
                queryCodes.products(codes, queries: step, into: &codeProducts)
                for query in step {
                    let foundCount = queryCodes.collect(
                        query, codes, count: layout.rowsPerBlock, products: codeProducts,
                        at: (query - start) * layout.rowsPerBlock, means: means,
                        minimumScore: lowerBounds[query].threshold, into: &bounds)
                    for index in 0..<foundCount { addCandidate(bounds[index], query, firstRow) }
                }
            }
        }
    }

    private mutating func addCandidate(
        _ bound: (row: Int, lower: Float, upper: Float), _ query: Int, _ firstRow: UInt32
    ) {
        // Candidates of the same block may have raised the threshold since `collect` compared with it.
        guard bound.upper >= lowerBounds[query].threshold else { return }
        lowerBounds[query].offer(bound.lower)
        candidates[query].append(
            ScoreInterval(row: firstRow + UInt32(bound.row), lower: bound.lower, upper: bound.upper))
        candidateCount += 1
    }
}
