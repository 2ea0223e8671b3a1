internal import LMDB
internal import Synchronization
internal import VectorMath

/// Finds the images with the best scores for some queries, exactly and in two steps.
///
/// 1. A pass over the codes of all images. It reads each block of codes once for all queries. Products of codes give a
///    lower and an upper bound of each score. The images that the bounds do not exclude are the candidates.
/// 2. ``ExactRescorer`` computes exact scores of the candidates, the highest upper bound first.
///
/// Bounds exclude little if there are many near ties, or if nearly all images are asked for. The pass then pauses when
/// a thread has many candidates, if need be within a block, and continues after these are rescored. The memory for
/// candidates is therefore bounded.
struct Scan {
    let layout: StoreLayout
    let tables: Tables
    let pool: WorkerPool

    /// The number of blocks between two checkpoints of the pool.
    ///
    /// One block may take only microseconds.
    private static let blocksPerCheckpoint = 16

    /// Finds the best images for each query.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension, normalised under the cosine metric.
    ///   - limits: for each query the number of images to find.
    ///   - alphas: for each query its alpha.
    ///   - images: the counts of the images' rows.
    /// - Returns: for each query the best images, by falling score, and how many rows each step has left.
    /// - Throws: `LMDBError`, ``StoreError/damaged(_:)``.
    func run(
        queries: [Float], limits: [Int], alphas: [Float], images: StoreState.RowCounts,
        in transaction: borrowing ReadTransaction
    ) throws -> (best: [[ScoredRow]], statistics: ScanStatistics) {
        let blockCount = layout.blocks(for: images.end)
        let table = CodeTable(tables: tables, layout: layout)
        let codes = try table.mapped(blocks: 0..<blockCount, in: transaction)
        let means = try ColumnTable(database: tables.means, layout: layout)
            .mapped(blocks: 0..<blockCount, in: transaction)
        guard codes.isComplete, means.isComplete else { throw StoreError.damaged("a block of images is missing") }
        let queryCodes = QueryCodes(
            queries, alphas: alphas, bases: try table.bases(in: transaction), layout: layout.codes,
            for: ScanChoice.kinds(queries: limits.count))
        let rescorer = ExactRescorer(
            queries: queries, alphas: alphas, means: means, layout: layout,
            vectors: VectorTable(database: tables.images.vectors, layout: layout.vectors), end: images.end, pool: pool)
        var best = limits.map(TopRows.init(limit:))
        var statistics = ScanStatistics()
        statistics.scanned = images.end * limits.count
        var work = ScanWork(blocks: blockCount)
        while !work.isEmpty {
            let (layout, thresholds) = (layout, best.map(\.threshold))
            let workers = try collect(&work, codes: codes, means: means) {
                ScanWorker(layout: layout, queryCodes: queryCodes, limits: limits, thresholds: thresholds)
            }
            for worker in workers {
                statistics.high += worker.counts.high
                statistics.low += worker.counts.low
            }
            statistics.rescored += try rescorer.rescore(workers.map(\.candidates), &best, in: transaction)
        }
        return (best.map { $0.rows.sorted(by: >) }, statistics)
    }

    /// Collects candidates until no block is left or a worker is full.
    ///
    /// - Parameter work: what is to be scanned; then what is left.
    private func collect(
        _ work: inout ScanWork, codes: MappedValues, means: MappedValues, makeWorker: @Sendable () -> ScanWorker
    ) throws -> [ScanWorker] {
        let (parts, pool, pause, position) = (work, pool, Flag(), Counter())
        let lastBlock = codes.count - 1
        let workers = try pool.run(count: pool.threads, makeState: makeWorker) { worker, _ in
            while !pause.isSet {
                guard let part = parts[position.next()] else { return }
                // Each of the other threads probably takes a block before this one takes its next.
                try codes.value(at: min(part.block + pool.threads, lastBlock)) { next in
                    try codes.value(at: part.block) { codes in
                        try means.value(at: part.block) { means in
                            try worker.scan(part, codes: codes, next: next, means: means)
                        }
                    }
                }
                if worker.isFull { pause.set() }
                if part.block % Self.blocksPerCheckpoint == 0 { try pool.checkpoint() }
            }
        }
        work = parts.rest(after: position.value, unfinished: workers.compactMap(\.unfinished))
        return workers
    }
}

/// A flag that any thread can set, once.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}

/// A counter from 0 that threads share; it gives each number to one of them.
private final class Counter: Sendable {
    private let nextNumber = Atomic(0)
    var value: Int { nextNumber.load(ordering: .relaxed) }
    func next() -> Int { nextNumber.add(1, ordering: .relaxed).oldValue }
}
