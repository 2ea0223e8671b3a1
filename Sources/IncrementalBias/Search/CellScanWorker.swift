internal import LMDB
internal import VectorMath

/// What all threads of a scan of cells read.
struct CellScanContext: Sendable {
    let lists: CellListTable
    /// The chunks of the lists of all cells of the plan.
    let chunks: MappedValues
    let plan: CellPlan
    let tail: [CellTables.TailGroup]
    /// For each group of the tail the sign codes of its block.
    let signs: MappedValues
    let means: MappedValues
    /// The cells of all images.
    let pairs: MappedValues
    let layout: StoreLayout
    let queries: EstimateQueries

    /// The cells of an image.
    func pair(of row: UInt32) -> CellPair {
        CellPair(
            stored: pairs.integer(
                at: Int(row), perValue: layout.rowsPerBlock, missing: CellPair.none.stored))
    }
}

/// One thread's part of a scan of cells: keeps for each query the rows with the highest estimates.
struct CellScanWorker {
    private let context: CellScanContext
    /// For each query of one step the rows of one group whose estimates exceed its threshold.
    private var found: Candidates
    /// For each query its rows; their scores are estimates.
    private var best: [TopRows]
    /// The means of the rows of one group.
    private var means: [Float]
    /// The queries that read the present list, in steps, coded for the version of its sign codes.
    private var steps: [(numbers: [Int], codes: SignQueries)] = []
    private var version: UInt32?

    /// The number of queries that are compared with a group at a time; it limits the memory for candidates.
    private static let queriesPerStep = 96

    /// The group that is being scanned.
    private enum Place {
        case list(cell: Int)
        case tail
    }

    /// - Parameter counts: for each query the number of rows to keep.
    init(context: CellScanContext, counts: [Int]) {
        self.context = context
        found = Candidates(
            lists: min(Self.queriesPerStep, counts.count), capacity: CodeLayout.rowsPerGroup,
            layout: context.lists.layout)
        best = counts.map(TopRows.init(limit:))
        means = Array(repeating: 0, count: CodeLayout.rowsPerGroup)
    }

    /// For each query the rows with the highest estimates so far, in no order.
    var rows: [[ScoredRow]] { best.map(\.rows) }

    /// Estimates the scores of the images in the list of a cell, for the queries that read it.
    ///
    /// - Parameter index: the index of the cell in the plan.
    mutating func scan(list index: Int) throws {
        let (cell, queries, firstChunk) = context.plan.cells[index]
        let end =
            index + 1 < context.plan.cells.count
            ? context.plan.cells[index + 1].firstChunk : context.chunks.count
        version = nil
        for chunk in firstChunk..<end {
            try context.chunks.value(at: chunk) { bytes in
                try prepare(queries, for: bytes)
                context.lists.withRows(of: bytes) { rows in
                    for group in 0..<CellListTable.rowsPerChunk / CodeLayout.rowsPerGroup {
                        let start = group * CodeLayout.rowsPerGroup
                        guard rows[start] != CellListTable.noRow else { break }
                        scan(
                            bytes.extracting(context.lists.bytes(ofGroup: group)),
                            rows: rows.extracting(start..<start + CodeLayout.rowsPerGroup), .list(cell: cell))
                    }
                }
            }
        }
    }

    /// Estimates the scores of the images in a group of the tail, for all queries.
    mutating func scan(tail index: Int) throws {
        let group = context.tail[index]
        let rows = Array(group.rows(context.layout))
        version = nil
        try context.signs.value(at: index) { block in
            try prepare(Array(best.indices), for: block)
            scan(block.extracting(context.lists.bytes(ofGroup: group.group)), rows: rows.span, .tail)
        }
    }

    /// Selects the queries that a group is compared with, coded for its version.
    private mutating func prepare(_ queries: [Int], for block: RawSpan) throws {
        let version = context.lists.layout.version(of: block)
        guard self.version != version else { return }
        let all = try context.queries.queries(for: block)
        steps = stride(from: 0, to: queries.count, by: Self.queriesPerStep).map { start in
            let numbers = Array(queries[start..<min(start + Self.queriesPerStep, queries.count)])
            return (numbers, numbers.count == all.count ? all : all.selecting(numbers))
        }
        self.version = version
    }

    private mutating func scan(_ signs: RawSpan, rows: Span<UInt32>, _ place: Place) {
        readMeans(of: rows)
        let means = means
        for (numbers, codes) in steps {
            found.removeAll()
            let thresholds = numbers.map { best[$0].threshold }
            let added = codes.scan(
                signs, queries: 0..<numbers.count, means: means.span, thresholds: thresholds, firstRow: 0,
                into: &found)
            guard added > 0 else { continue }
            for (list, query) in numbers.enumerated() where found[countOf: list] > 0 {
                keep(list, query, rows, place)
            }
        }
    }

    private mutating func readMeans(of rows: Span<UInt32>) {
        let (all, perValue) = (context.means, context.layout.rowsPerBlock)
        var span = means.mutableSpan
        all.gather(rows, perValue: perValue, missing: .infinity, into: &span)
    }

    /// Keeps the rows of a list in `found` that are among the best of a query.
    private mutating func keep(_ list: Int, _ query: Int, _ rows: Span<UInt32>, _ place: Place) {
        for position in found.positions(of: list) {
            let (slot, estimate, _) = found.intervals[position]
            let row = rows[Int(slot)]
            guard estimate > best[query].threshold, counts(row, query, place) else { continue }
            best[query].offer(ScoredRow(score: estimate, similarity: estimate, row: row))
        }
    }

    /// Whether a query counts a row in a place: it does so in one place only, of those that it reads.
    private func counts(_ row: UInt32, _ query: Int, _ place: Place) -> Bool {
        let pair = context.pair(of: row)
        switch place {
        case .tail: return pair == .none
        case .list(let cell):
            return pair.first == cell || (pair.second == cell && !context.plan.reads(pair.first, query: query))
        }
    }
}
