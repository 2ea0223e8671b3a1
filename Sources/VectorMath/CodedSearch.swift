internal import CKernels

/// An exact inner-product search that multiplies codes, and vectors only where codes can't exclude a pair.
///
/// For each row it finds the `capacity` columns with the largest products, in three steps:
///
/// 1. ``add(_:names:vectors:)`` bounds the products with a block of columns by products of codes. A column is a
///    *candidate* of a row if its upper bound reaches the row's pruning threshold. The threshold is an estimate, from
///    the columns added so far, of the product that at least `capacity` of all columns reach.
/// 2. ``rescore(_:)`` replaces the bounds of the candidates by exact products, best midpoints first. 3. If fewer than
/// `capacity` columns reach a row's threshold, the estimate was too high and may have excluded one of the
///    best. The row is then multiplied with every column.
///
/// The result is exact for every order of the columns. In random order the estimates are good, and about one row in
/// thousands needs step 3.
///
/// A search belongs to one thread at a time. For example, the best references of some images:
///
///     var search = CodedSearch(rows: 256, capacity: 160, layout: layout)
///     search.begin(images, columns: 20_000)
///     for block in blocks { search.add(block.codes.span.bytes, names: block.names[...], vectors: vectors) }
///     search.rescore(vectors)
///     let count = search.result(row: 0, products: &products, columns: &columns)
package struct CodedSearch {
    /// Calls its second argument with the vector of a column, dimension floats; the first is the column's name.
    package typealias Vectors = (_ name: Int, _ body: (Span<Float>) -> Void) -> Void

    private let capacity: Int
    private let layout: CodeLayout
    /// The largest number of candidates that a row can have.
    private let candidatesPerRow: Int

    private var rows: [Float] = []
    private var coded: CodedQueries
    /// The pruning threshold of each row.
    private var thresholds: [Float] = []
    /// The candidates of all rows: those of `row` are the first `counts[row]` from `start(row)` on.
    private var candidates: ScoreIntervals
    private var counts: [Int] = []
    /// The number of columns that will be added in total.
    private var total = 0
    /// The names of the columns that were added; all are below `nameEnd`.
    private var names: [UInt32] = []
    private var nameEnd = 0
    /// The number of columns that must have been added before the thresholds are estimated again.
    private var nextEstimate = 0

    /// The means of the columns: scores here are products without a bias.
    private let zeroMeans: [Float]
    private var codeProducts: [Int32]
    private var pairs = PairsByColumn()
    private var exactProducts: [Float] = []
    private var ranking: BestProducts

    /// Rows multiplied with a block at a time, so that their products stay in the cache.
    private static let rowsPerStep = 16

    /// Makes a search for up to `rows` rows that keeps `capacity` columns of each.
    ///
    /// - Parameter layout: the layout of the blocks of columns.
    package init(rows: Int, capacity: Int, layout: CodeLayout) {
        self.capacity = capacity
        self.layout = layout
        candidatesPerRow = 8 * capacity + layout.rows
        coded = CodedQueries([Float]().span, alphas: [], layout: layout)
        candidates = ScoreIntervals(count: rows * candidatesPerRow)
        zeroMeans = Array(repeating: 0, count: layout.rows)
        codeProducts = Array(repeating: 0, count: min(rows, Self.rowsPerStep) * layout.rows)
        ranking = BestProducts(count: candidatesPerRow)
    }

    /// Starts a search for other rows.
    ///
    /// - Parameters:
    ///   - values: rows x dimension.
    ///   - columns: the number of columns that will be added.
    package mutating func begin(_ values: [Float], columns: Int) {
        rows = values
        let count = values.count / layout.dimension
        precondition(count * candidatesPerRow <= candidates.count)
        coded = CodedQueries(values.span, alphas: Array(repeating: 0, count: count), layout: layout)
        counts = Array(repeating: 0, count: count)
        thresholds = Array(repeating: -.infinity, count: count)
        exactProducts = Array(repeating: 0, count: count)
        names.removeAll(keepingCapacity: true)
        (total, nextEstimate, nameEnd) = (columns, layout.rows, 0)
    }

    /// Compares the rows with the columns of a block.
    ///
    /// - Parameters:
    ///   - block: the codes of the columns.
    ///   - names: the name of each column.
    ///   - vectors: gives the vectors of the columns added so far.
    package mutating func add(_ block: RawSpan, names: ArraySlice<UInt32>, vectors: Vectors) {
        let means = zeroMeans
        for start in stride(from: 0, to: coded.count, by: Self.rowsPerStep) {
            let step = start..<min(start + Self.rowsPerStep, coded.count)
            coded.products(block, queries: step, into: &codeProducts)
            for row in step {
                let end = self.start(row) + counts[row]
                let found = coded.collect(
                    row, block, count: names.count, products: codeProducts, at: (row - start) * layout.rows,
                    means: means.span, from: thresholds[row], into: &candidates, at: end)
                candidates.rename(from: end, count: found, names)
                counts[row] += found
                if counts[row] + layout.rows > candidatesPerRow { reduce(row, vectors) }
            }
        }
        self.names += names
        nameEnd = max(nameEnd, Int(names.max() ?? 0) + 1)
        if self.names.count >= nextEstimate, self.names.count < total {
            estimateThresholds()
            nextEstimate *= 2
        }
    }

    /// Computes the exact products of all candidates, after all columns were added.
    ///
    /// - Parameter vectors: gives the vectors of the columns.
    package mutating func rescore(_ vectors: Vectors) {
        // First the best `capacity` by their midpoints: their exact products exclude most of the others.
        let midpoints = counts.indices.map { row in
            candidates.midpointReached(from: start(row), count: counts[row], wanted: capacity)
        }
        multiply(midpointsFrom: midpoints, vectors)
        for row in counts.indices { prune(row) }
        multiply(midpointsFrom: Array(repeating: -.infinity, count: counts.count), vectors)
        for row in counts.indices {
            prune(row)
            let isEstimate = thresholds[row] > -.infinity
            if isEstimate, countReaching(row) < min(capacity, names.count) { multiplyWithAll(row, vectors) }
        }
    }

    /// Copies out the best columns of `row`, after ``rescore(_:)``: products descending, equal ones by ascending name.
    ///
    /// - Parameters:
    ///   - products: receives the products; at least `capacity` elements.
    ///   - columns: receives the names; at least `capacity` elements.
    /// - Returns: the number of columns found.
    package mutating func result(row: Int, products: inout [Float], columns: inout [UInt32]) -> Int {
        precondition(products.count >= capacity && columns.count >= capacity)
        let own = start(row)..<start(row) + counts[row]
        let (scores, names) = (candidates.uppers, candidates.rows)
        return ranking.select(
            scores.span.extracting(own), names.span.extracting(own), capacity: capacity, products: &products,
            columns: &columns)
    }

    /// The position of a row's first candidate.
    private func start(_ row: Int) -> Int { row * candidatesPerRow }

    /// Estimates the pruning thresholds from the columns added so far, as a random sample of all, and prunes by them.
    ///
    /// The sample is expected to hold its share of the best `capacity` columns. It holds four standard deviations more
    /// than that in one case of thousands, so the product that so many reach is seldom too high a threshold.
    private mutating func estimateThresholds() {
        let expected = Double(capacity) * Double(names.count) / Double(total)
        let wanted = Int(expected + 4 * expected.squareRoot()) + 2
        for row in counts.indices {
            let estimate = candidates.midpointReached(from: start(row), count: counts[row], wanted: wanted)
            guard estimate > thresholds[row] else { continue }
            thresholds[row] = estimate
            counts[row] = candidates.drop(from: start(row), count: counts[row], below: estimate)
        }
    }

    /// Drops the candidates of `row` below its threshold, and those below the lower bounds of `capacity` others.
    private mutating func prune(_ row: Int) {
        var threshold = thresholds[row]
        counts[row] = candidates.prune(
            from: start(row), count: counts[row], wanted: capacity, threshold: &threshold)
    }

    /// The number of candidates of `row` whose lower bound reaches its threshold.
    private func countReaching(_ row: Int) -> Int {
        candidates.lowers[start(row)..<start(row) + counts[row]].count { $0 >= thresholds[row] }
    }

    /// Computes the exact products of the candidates whose midpoints reach `minima` of their row.
    ///
    /// The pairs are grouped by column, so each column's vector is fetched once for all rows.
    private mutating func multiply(midpointsFrom minima: [Float], _ vectors: Vectors) {
        pairs.begin()
        for row in counts.indices {
            let (start, count) = (start(row), counts[row])
            pairs.add(atMost: count) { places, end in
                candidates.appendInexact(
                    from: start, count: count, midpointFrom: minima[row], to: &places, at: end)
            }
        }
        pairs.group(by: candidates.rows, below: nameEnd)
        let (rows, pairs) = (rows, pairs)
        pairs.forEach { column, group, next in
            // A vector comes from memory: the next one is prefetched while this one is multiplied.
            if let next { vectors(next, Kernels.prefetch) }
            let places = pairs.places[group]
            vectors(column) { vector in
                Kernels.gatheredProducts(
                    rows, vector, places: places, placesPerRow: candidatesPerRow, into: &exactProducts)
            }
            candidates.setExact(places, exactProducts)
        }
    }

    /// Computes the exact products of all candidates of `row` and keeps the best.
    ///
    /// For rows whose bounds exclude so little that their candidates could exceed the capacity.
    private mutating func reduce(_ row: Int, _ vectors: Vectors) {
        for index in start(row)..<start(row) + counts[row] where candidates.lowers[index] < candidates.uppers[index] {
            candidates.setExact(index, product(row, Int(candidates.rows[index]), vectors))
        }
        keepBest(row)
    }

    /// Finds the best columns of `row` by its exact products with all columns.
    private mutating func multiplyWithAll(_ row: Int, _ vectors: Vectors) {
        (counts[row], thresholds[row]) = (0, -.infinity)
        for name in names {
            let product = product(row, Int(name), vectors)
            guard product >= thresholds[row] else { continue }
            candidates.set(start(row) + counts[row], row: name, score: product)
            counts[row] += 1
            if counts[row] == candidatesPerRow { keepBest(row) }
        }
    }

    private mutating func product(_ row: Int, _ name: Int, _ vectors: Vectors) -> Float {
        let (rows, own) = (rows, row * layout.dimension..<(row + 1) * layout.dimension)
        vectors(name) { vector in
            exactProducts[0] = Kernels.product(rows.span.extracting(own), vector)
        }
        return exactProducts[0]
    }

    /// Keeps the best `capacity` candidates of `row`, all of which are exact, and raises the threshold to the last one.
    private mutating func keepBest(_ row: Int) {
        var products = [Float](repeating: 0, count: capacity)
        var best = [UInt32](repeating: 0, count: capacity)
        let kept = result(row: row, products: &products, columns: &best)
        for i in 0..<kept { candidates.set(start(row) + i, row: best[i], score: products[i]) }
        counts[row] = kept
        if kept == capacity { thresholds[row] = max(thresholds[row], products[kept - 1]) }
    }
}
