internal import CKernels

/// An exact inner-product search that multiplies codes, and vectors only for pairs that the codes do not exclude.
///
/// For each query it finds the `capacity` vectors with the largest products, in three steps:
///
/// 1. ``add(_:rows:vectors:)`` bounds the products with a block of vectors by products of codes. A vector is a
///    *candidate* of a query if its upper bound reaches the query's pruning threshold. This threshold is an estimate,
///    from the vectors added so far, of a product that at least `capacity` of all vectors reach.
/// 2. ``rescore(_:)`` replaces the bounds of the candidates by exact products. It begins with the candidates whose
///    bounds have the highest midpoints.
/// 3. If fewer than `capacity` vectors reach a query's threshold, the estimate was too high and may have excluded one
///    of the best. The query is then multiplied with every vector.
///
/// The result is exact, whatever the order of the vectors. If the order is random, the estimates are good, and about
/// one query in several thousand needs step 3.
///
/// One thread at a time can use a search. For example, the best references of some images:
///
///     var search = CodedSearch(queries: 256, capacity: 160, basis: basis, layout: layout)
///     search.begin(images, vectorCount: 20_000)
///     for block in blocks { search.add(block.codes.span.bytes, rows: block.rows[...], vectors: vectors) }
///     search.rescore(vectors)
///     let count = search.result(query: 0, products: &products, rows: &rows)
package struct CodedSearch {
    /// Gives access to the vectors: calls `body` with the vector of `row`, `dimension` floats.
    package typealias VectorAccess = (_ row: Int, _ body: (Span<Float>) -> Void) -> Void

    /// What the scan of a block multiplies.
    ///
    /// High halves of codes would exclude few pairs before the thresholds are high.
    private static let scanKind = CodedQueries.ScanKind.whole

    private let capacity: Int
    private let basis: CodeBasis
    private let layout: CodeLayout

    /// The vectors of the queries, queries x dimension.
    private var queries: [Float] = []
    private var queryCodes: CodedQueries
    /// The pruning threshold of each query.
    private var thresholds: [Float] = []
    /// The candidates of each query.
    private var candidates: Candidates
    /// The number of vectors that will be added in total.
    private var vectorCount = 0
    /// The rows of the vectors added so far.
    private var rows: [UInt32] = []
    /// A number above all of `rows`.
    private var rowEnd = 0
    /// The thresholds are estimated again when this number of vectors has been added.
    private var nextEstimate = 0

    /// The means that are passed for the vectors: a score is here a product without a bias.
    private let zeroMeans: [Float]
    private var pairs = PairsByRow()
    private var exactProducts: [Float] = []
    private var best: BestProducts

    /// Makes a search.
    ///
    /// - Parameters:
    ///   - queries: the maximum number of queries.
    ///   - capacity: the number of vectors to find for each query.
    ///   - basis: the basis of the codes that will be added.
    ///   - layout: the layout of the blocks of codes that will be added.
    package init(queries: Int, capacity: Int, basis: CodeBasis, layout: CodeLayout) {
        self.capacity = capacity
        self.basis = basis
        self.layout = layout
        queryCodes = CodedQueries([Float]().span, .image, alphas: [], basis: basis, layout: layout, for: [])
        candidates = Candidates(lists: queries, capacity: 8 * capacity + layout.rows, layout: layout)
        zeroMeans = Array(repeating: 0, count: layout.rows)
        best = BestProducts(count: candidates.capacity)
    }

    /// Starts a search for new queries.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension.
    ///   - vectorCount: the number of vectors that will be added.
    package mutating func begin(_ queries: [Float], vectorCount: Int) {
        self.queries = queries
        let count = queries.count / layout.dimension
        precondition(count <= candidates.count)
        queryCodes = CodedQueries(
            queries.span, .image, alphas: Array(repeating: 0, count: count), basis: basis, layout: layout,
            for: [Self.scanKind])
        candidates.removeAll()
        thresholds = Array(repeating: -.infinity, count: count)
        exactProducts = Array(repeating: 0, count: count)
        rows.removeAll(keepingCapacity: true)
        (self.vectorCount, nextEstimate, rowEnd) = (vectorCount, layout.rows, 0)
    }

    /// Compares the queries with a block of vectors.
    ///
    /// - Parameters:
    ///   - block: the codes of the vectors.
    ///   - newRows: the row of each vector in the block.
    ///   - vectors: access to the vectors of this block and of earlier ones.
    package mutating func add(_ block: RawSpan, rows newRows: ArraySlice<UInt32>, vectors: VectorAccess) {
        let before = queryIndices.map { candidates[countOf: $0] }
        let means = zeroMeans
        _ = queryCodes.scan(
            block, next: block, queries: queryIndices, means: means.span, thresholds: thresholds, firstRow: 0,
            kind: Self.scanKind, into: &candidates)
        for query in queryIndices {
            let foundCount = candidates[countOf: query] - before[query]
            candidates.intervals.replaceRows(from: start(query) + before[query], count: foundCount, by: newRows)
            if candidates[countOf: query] + layout.rows > candidates.capacity { reduce(query, vectors) }
        }
        rows += newRows
        rowEnd = max(rowEnd, Int(newRows.max() ?? 0) + 1)
        if rows.count >= nextEstimate, rows.count < vectorCount {
            estimateThresholds()
            nextEstimate *= 2
        }
    }

    /// Computes the exact products of all candidates.
    ///
    /// Call it after all vectors were added.
    ///
    /// - Parameter vectors: access to all vectors.
    package mutating func rescore(_ vectors: VectorAccess) {
        // First the `capacity` candidates with the highest midpoints: their exact products exclude most of the others.
        let midpoints = queryIndices.map { query in
            candidates.intervals.midpointReached(
                from: start(query), count: candidates[countOf: query], wanted: capacity)
        }
        multiply(minimumMidpoints: midpoints, vectors)
        for query in queryIndices { prune(query) }
        multiply(minimumMidpoints: Array(repeating: -.infinity, count: queryIndices.count), vectors)
        for query in queryIndices {
            prune(query)
            let isEstimate = thresholds[query] > -.infinity
            if isEstimate, countReaching(query) < min(capacity, rows.count) { multiplyWithAll(query, vectors) }
        }
    }

    /// Writes the best vectors of a query, by falling product, and by ascending row if products are equal.
    ///
    /// Call it after ``rescore(_:)``.
    ///
    /// - Parameters:
    ///   - query: the index of the query.
    ///   - products: receives the products; at least `capacity` elements.
    ///   - rows: receives the rows of the vectors; at least `capacity` elements.
    /// - Returns: the number of vectors found, at most `capacity`.
    package mutating func result(query: Int, products: inout [Float], rows: inout [UInt32]) -> Int {
        precondition(products.count >= capacity && rows.count >= capacity)
        let range = candidates.positions(of: query)
        let (scores, candidateRows) = (candidates.intervals.uppers, candidates.intervals.rows)
        return best.select(
            scores.span.extracting(range), rows: candidateRows.span.extracting(range), capacity: capacity,
            bestProducts: &products, bestRows: &rows)
    }

    /// The position of a query's first candidate.
    private func start(_ query: Int) -> Int { candidates.start(of: query) }

    private var queryIndices: Range<Int> { 0..<queryCodes.count }

    /// Raises the pruning thresholds to estimates from the vectors added so far, and prunes by them.
    ///
    /// The vectors added so far are taken as a random sample of all. The sample is expected to hold its share of the
    /// best `capacity` vectors. It holds four standard deviations more than that in one of several thousand cases. A
    /// product that so many vectors of the sample reach is therefore rarely too high.
    private mutating func estimateThresholds() {
        let expected = Double(capacity) * Double(rows.count) / Double(vectorCount)
        let wanted = Int(expected + 4 * expected.squareRoot()) + 2
        for query in queryIndices {
            let count = candidates[countOf: query]
            let estimate = candidates.intervals.midpointReached(from: start(query), count: count, wanted: wanted)
            guard estimate > thresholds[query] else { continue }
            thresholds[query] = estimate
            candidates[countOf: query] = candidates.intervals.drop(from: start(query), count: count, below: estimate)
        }
    }

    /// Drops the candidates of a query that cannot be among the best.
    ///
    /// These are the candidates below the query's threshold, and those below the lower bounds of `capacity` others. The
    /// threshold itself does not change.
    private mutating func prune(_ query: Int) {
        var threshold = thresholds[query]
        candidates[countOf: query] = candidates.intervals.prune(
            from: start(query), count: candidates[countOf: query], wanted: capacity, threshold: &threshold)
    }

    /// The number of candidates of a query whose lower bound reaches the query's threshold.
    private func countReaching(_ query: Int) -> Int {
        candidates.intervals.lowers[candidates.positions(of: query)].count { $0 >= thresholds[query] }
    }

    /// Computes the exact products of the candidates whose midpoints reach a minimum.
    ///
    /// Pairs of query and candidate are grouped by row, so that each vector is read once for all queries.
    ///
    /// - Parameter minimumMidpoints: the minimum for each query.
    private mutating func multiply(minimumMidpoints: [Float], _ vectors: VectorAccess) {
        pairs.removeAll()
        for query in queryIndices {
            let (start, count) = (start(query), candidates[countOf: query])
            pairs.add(atMost: count) { positions, end in
                candidates.intervals.appendInexact(
                    from: start, count: count, minimumMidpoint: minimumMidpoints[query], to: &positions, at: end)
            }
        }
        pairs.group(by: candidates.intervals.rows, below: rowEnd)
        let (queries, grouped) = (queries, pairs)
        grouped.forEach { row, group, nextRow in
            // A vector comes from memory: the next one is prefetched while this one is multiplied.
            if let nextRow { vectors(nextRow, Kernels.prefetch) }
            let positions = grouped.positions[group]
            vectors(row) { vector in
                Kernels.gatheredProducts(
                    queries, vector, positions: positions, positionsPerQuery: candidates.capacity, into: &exactProducts)
            }
            candidates.intervals.setExact(positions, exactProducts)
        }
    }

    /// Computes the exact products of all candidates of a query, and keeps the best `capacity` of them.
    ///
    /// This frees space if bounds exclude too little for the maximum number of candidates.
    private mutating func reduce(_ query: Int, _ vectors: VectorAccess) {
        for position in candidates.positions(of: query)
        where candidates.intervals.lowers[position] < candidates.intervals.uppers[position] {
            candidates.intervals.setExact(position, product(query, Int(candidates.intervals.rows[position]), vectors))
        }
        keepBest(query)
    }

    /// Finds the best vectors of a query by its exact products with all vectors.
    private mutating func multiplyWithAll(_ query: Int, _ vectors: VectorAccess) {
        candidates[countOf: query] = 0
        thresholds[query] = -.infinity
        for row in rows {
            let product = product(query, Int(row), vectors)
            guard product >= thresholds[query] else { continue }
            candidates.intervals.set(start(query) + candidates[countOf: query], row: row, score: product)
            candidates[countOf: query] += 1
            if candidates[countOf: query] == candidates.capacity { keepBest(query) }
        }
    }

    private mutating func product(_ query: Int, _ row: Int, _ vectors: VectorAccess) -> Float {
        let (queries, range) = (queries, query * layout.dimension..<(query + 1) * layout.dimension)
        vectors(row) { vector in
            exactProducts[0] = Kernels.product(queries.span.extracting(range), vector)
        }
        return exactProducts[0]
    }

    /// Keeps the best `capacity` candidates of a query, and raises the threshold to the last of them.
    ///
    /// All scores of the candidates must be exact.
    private mutating func keepBest(_ query: Int) {
        var products = [Float](repeating: 0, count: capacity)
        var bestRows = [UInt32](repeating: 0, count: capacity)
        let kept = result(query: query, products: &products, rows: &bestRows)
        for i in 0..<kept { candidates.intervals.set(start(query) + i, row: bestRows[i], score: products[i]) }
        candidates[countOf: query] = kept
        if kept == capacity { thresholds[query] = max(thresholds[query], products[kept - 1]) }
    }
}
