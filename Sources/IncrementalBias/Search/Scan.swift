internal import LMDB
internal import Synchronization
internal import VectorMath

/// The best images for a batch of queries, in two steps.
///
/// 1. A pass over the codes of all images, a byte per number, each block read once for all queries: bounds between
///    what and what each score lies exclude most rows.
/// 2. The vectors of the rows that are left are looked up, highest upper bound first, and exact products decide.
///
/// Where the bounds exclude little (many near ties, or nearly all rows asked for) the pass pauses when its candidates
/// are too many to keep, and goes on after they are decided: memory stays bounded.
struct Scan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool

    /// Candidates that one thread collects before the pass pauses.
    private static let candidatesPerWorker = 1 << 18
    /// Blocks between two signs that the pass goes on: a block alone can take microseconds.
    private static let blocksPerSign = 16

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
        let codes = try CodeTable(database: tables.codes, layout: layout).mapped(blocks: 0..<blocks, in: transaction)
        let means = try ColumnTable(database: tables.means, layout: layout).mapped(blocks: 0..<blocks, in: transaction)
        guard codes.isComplete, means.isComplete else { throw StoreError.damaged("a block of images is missing") }
        let coded = CodedQueries(queries.span, alphas: alphas, layout: layout.codes)
        let decision = ExactRescorer(
            queries: queries, alphas: alphas, means: means, layout: layout,
            vectors: VectorTable(database: tables.images.vectors, layout: layout.vectors), end: images.end, pool: pool)
        var tops = limits.map(TopRows.init(limit:))
        var done = 0
        while done < blocks {
            let thresholds = tops.map(\.threshold)
            let start = done
            let (layout, pool, full, next) = (layout, pool, Flag(), Position(start))
            let workers = try pool.run(count: pool.threads) {
                ScanWorker(layout: layout, coded: coded, limits: limits, thresholds: thresholds)
            } body: { worker, _ in
                while !full.isSet {
                    let block = next.take()
                    guard block < blocks else { return }
                    codes.value(at: block) { codes in
                        means.value(at: block) { means in
                            worker.scan(codes: codes, means: means, firstRow: UInt32(block * layout.rowsPerBlock))
                        }
                    }
                    if worker.count > Self.candidatesPerWorker { full.set() }
                    if block % Self.blocksPerSign == 0 { try pool.advance() }
                }
            }
            done = min(next.value, blocks)
            try decision.decide(workers.map(\.found), &tops, in: transaction)
        }
        return tops.map { $0.candidates.sorted(by: >) }
    }
}

/// Set once, by any thread.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// Numbers handed out once each, rising.
private final class Position: Sendable {
    private let next: Atomic<Int>
    init(_ start: Int) { next = Atomic(start) }
    var value: Int { next.load(ordering: .relaxed) }
    func take() -> Int { next.add(1, ordering: .relaxed).oldValue }
}

/// A row whose score lies between two bounds.
struct ScoreInterval: Sendable {
    let row: UInt32
    let lower: Float
    let upper: Float
}

/// One thread's part in the pass over the codes.
private struct ScanWorker {
    private let layout: StoreLayout
    private let coded: CodedQueries
    private var products: [Int32]
    private var bounds: ScoreIntervals
    /// For each query, the largest lower bounds: so many rows score at least the smallest of them.
    private var lowers: [TopNumbers]
    /// For each query, the rows that the bounds can't exclude.
    private(set) var found: [[ScoreInterval]]
    /// How many those are.
    private(set) var count = 0

    /// Queries multiplied with a block at a time, so that their products stay in the cache.
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
    mutating func scan(codes: RawSpan, means: RawSpan, firstRow: UInt32) {
        // All threads count the references to its arrays: taken out of `self` for each query, they waited for each other.
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
