internal import VectorMath

/// One thread's part of the pass over the codes: collects candidates, the rows that bounds do not exclude.
struct ScanWorker {
    private let layout: StoreLayout
    private let queryCodes: QueryCodes
    /// The queries coded for blocks of one version.
    ///
    /// They are kept because nearly all blocks have the same version.
    private var queries: (version: UInt32, codes: CodedQueries)?
    /// For each query of one step the rows of one block that bounds did not exclude.
    private var found: Candidates
    /// For each query the largest lower bounds of its candidates, as many as it has results.
    ///
    /// At least so many rows score the smallest of these or more, so a row with a lower upper bound is excluded.
    private var lowerBounds: [TopNumbers]
    /// For each step and each of its queries the threshold of `lowerBounds`.
    private var thresholds: [[Float]]
    /// For each query its candidates.
    private(set) var candidates: [[ScoreInterval]]
    /// The number of candidates of all queries.
    private var candidateCount = 0
    /// What is left of the last block; `nil` unless the worker has become full in it.
    private(set) var unfinished: ScanPart?
    /// Chooses what is multiplied for all rows.
    private var choice: ScanChoice
    /// The numbers of pairs of a query and a row that bounds did not exclude.
    private(set) var counts = CodedQueries.ScanCounts()

    /// The number of queries that are compared with a block at a time.
    private let queriesPerStep: Int

    /// The maximum number of queries in a step; it limits the memory for candidates.
    private static let maximumQueriesPerStep = 120
    /// The number of candidates above which the worker is full; they take 12 bytes each.
    private static let maximumCandidates = 1 << 18

    /// Whether the candidates must be rescored before more are collected.
    var isFull: Bool { candidateCount > Self.maximumCandidates }

    /// - Parameters:
    ///   - layout: the sizes of the store's blocks.
    ///   - queryCodes: the codes of the queries.
    ///   - limits: for each query the number of images to find.
    ///   - thresholds: for each query a score that at least that many images are known to reach, or -infinity.
    init(layout: StoreLayout, queryCodes: QueryCodes, limits: [Int], thresholds: [Float]) {
        self.layout = layout
        self.queryCodes = queryCodes
        // Steps of equal size, because each of them unpacks the codes again.
        let steps = max(1, (limits.count + Self.maximumQueriesPerStep - 1) / Self.maximumQueriesPerStep)
        let queriesPerStep = max(1, (limits.count + steps - 1) / steps)
        self.queriesPerStep = queriesPerStep
        found = Candidates(
            lists: min(queriesPerStep, limits.count), capacity: layout.rowsPerBlock, layout: layout.codes)
        lowerBounds = zip(limits, thresholds).map { TopNumbers(limit: $0, minimum: $1) }
        let lowest = lowerBounds.map(\.threshold)
        self.thresholds = stride(from: 0, to: lowest.count, by: queriesPerStep).map { start in
            Array(lowest[start..<min(start + queriesPerStep, lowest.count)])
        }
        candidates = limits.map { _ in [] }
        choice = ScanChoice(queries: limits.count)
    }

    /// Collects the candidates of one block, until the worker is full.
    ///
    /// A block can have more candidates than the memory for them: 4,096 rows for each of 4,096 queries. So the worker
    /// stops after the step in which it becomes full, and ``unfinished`` has the rest.
    ///
    /// - Parameters:
    ///   - part: the block, and the step to begin with.
    ///   - codes: the block of codes.
    ///   - next: the block of codes that is probably scanned next.
    ///   - means: the block of means, one float for each row.
    /// - Throws: ``StoreError/damaged(_:)`` if the codes' basis is unknown.
    mutating func scan(_ part: ScanPart, codes: RawSpan, next: RawSpan, means: RawSpan) throws {
        unfinished = nil
        let firstRow = UInt32(part.block * layout.rowsPerBlock)
        let version = layout.codes.version(of: codes)
        if queries?.version != version { queries = (version, try queryCodes.queries(for: codes)) }
        guard let queries = queries?.codes else { return }
        let kind = choice.next
        NumberView.withFloats(means) { means in
            var blockCounts = CodedQueries.ScanCounts()
            for step in thresholds.indices[part.step...] {
                guard !isFull else {
                    unfinished = ScanPart(block: part.block, step: step)
                    break
                }
                let first = step * queriesPerStep
                found.removeAll()
                let stepCounts = queries.scan(
                    codes, next: next, queries: first..<first + thresholds[step].count, means: means,
                    thresholds: thresholds[step], firstRow: firstRow, kind: kind, into: &found)
                blockCounts += stepCounts
                guard stepCounts.low > 0 else { continue }
                for list in thresholds[step].indices where found[countOf: list] > 0 {
                    addCandidates(list, first + list, step)
                }
            }
            choice.note(blockCounts, pairs: layout.rowsPerBlock * candidates.count)
            counts += blockCounts
        }
    }

    /// Adds the rows of a list in `found` to the candidates of a query.
    private mutating func addCandidates(_ list: Int, _ query: Int, _ step: Int) {
        for position in found.positions(of: list) {
            let (row, lower, upper) = found.intervals[position]
            // Candidates of the same block may have raised the threshold since the scan compared with it.
            guard upper >= lowerBounds[query].threshold else { continue }
            lowerBounds[query].offer(lower)
            candidates[query].append(ScoreInterval(row: UInt32(row), lower: lower, upper: upper))
            candidateCount += 1
        }
        thresholds[step][list] = lowerBounds[query].threshold
    }
}
