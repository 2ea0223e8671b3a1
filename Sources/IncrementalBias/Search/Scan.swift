internal import LMDB
internal import Synchronization
internal import VectorMath

/// Finds the best images for some queries exactly, in two steps.
///
/// 1. A pass over the codes of all images, one byte per number, reads each block once for all queries. Products of codes
///    give a lower and an upper bound of each score, which exclude most rows.
/// 2. The vectors of the rows that are left are looked up, the highest upper bound first, and exact products decide.
///
/// Where the bounds exclude little (many near ties, or nearly all rows asked for), the pass pauses at a limit of collected
/// rows and continues after these are decided, so that memory stays bounded.
struct Scan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool

    /// The number of rows that one thread collects before the pass pauses.
    private static let collectedRowsPerWorker = 1 << 18
    /// The number of blocks between two reports of progress; one block can take microseconds only.
    private static let blocksPerReport = 16

    /// Finds the best rows for each query, by falling score.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension, normalised under the cosine metric.
    ///   - limits: for each query the number of rows to find.
    ///   - alphas: for each query its alpha.
    ///   - images: the counts of the images' rows.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    func run(
        queries: [Float], limits: [Int], alphas: [Float], images: StoreState.Rows,
        in transaction: borrowing ReadTransaction
    ) throws -> [[Candidate]] {
        let blocks = layout.blocks(for: images.end)
        let codes = try CodeTable(database: tables.codes, layout: layout).mapped(blocks: 0..<blocks, in: transaction)
        let means = try ColumnTable(database: tables.means, layout: layout).mapped(blocks: 0..<blocks, in: transaction)
        guard codes.isComplete, means.isComplete else { throw StoreError.damaged("a block of images is missing") }
        let coded = CodedQueries(queries.span, alphas: alphas, layout: layout.codes)
        let rescorer = ExactRescorer(
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
                    let block = next.advance()
                    guard block < blocks else { return }
                    codes.value(at: block) { codes in
                        means.value(at: block) { means in
                            worker.scan(codes: codes, means: means, firstRow: UInt32(block * layout.rowsPerBlock))
                        }
                    }
                    if worker.count > Self.collectedRowsPerWorker { full.set() }
                    if block % Self.blocksPerReport == 0 { try pool.advance() }
                }
            }
            done = min(next.value, blocks)
            try rescorer.rescore(workers.map(\.found), &tops, in: transaction)
        }
        return tops.map { $0.candidates.sorted(by: >) }
    }
}

/// A flag that any thread sets once.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// A counter that gives each number to one thread, rising.
private final class Position: Sendable {
    private let next: Atomic<Int>
    init(_ start: Int) { next = Atomic(start) }
    var value: Int { next.load(ordering: .relaxed) }
    func advance() -> Int { next.add(1, ordering: .relaxed).oldValue }
}
