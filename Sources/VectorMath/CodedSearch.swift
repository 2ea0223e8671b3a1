internal import CFaiss
internal import CKernels

/// An exhaustive inner-product search that is exact and multiplies mostly codes.
///
/// For each of some rows it keeps the columns that can be among the `capacity` best: products of codes bound the
/// products of the vectors, and a column is out whose upper bound is below the row's *floor*. The floor is a guess, from
/// the columns that came so far, of what `capacity` of all columns reach. Exact products of the columns that are left
/// decide, and show whether the guess was right: where fewer than `capacity` columns reach the floor, what was left out
/// might have been better, and that row is multiplied with every column.
///
/// The guess is good where the columns come in random order; in any other the search is as exact, and slower.
///
/// A search belongs to one thread at a time. For example, the best references of some images:
///
///     var search = CodedSearch(rows: 256, capacity: 160, layout: layout)
///     search.begin(images, columns: 20_000)
///     for block in blocks { search.add(block.codes.span.bytes, names: block.names[...], vectors: vectors) }
///     search.decide(vectors)
///     let count = search.result(row: 0, products: &products, columns: &columns)
package struct CodedSearch {
    /// Hands the vector of the column of a name, dimension floats, to its second argument.
    package typealias Vectors = (_ name: Int, _ body: (Span<Float>) -> Void) -> Void

    private let capacity: Int
    private let layout: CodeLayout
    /// Columns that a row has room for.
    private let room: Int

    private var rows: [Float] = []
    private var coded: CodedQueries
    private var counts: [Int] = []
    /// What a row's columns must reach to be kept.
    private var floors: [Float] = []
    /// The columns of each row that can be among its best, `room` for each row.
    private var bounds: ScoreIntervals
    /// How many columns there will be.
    private var total = 0
    /// The names of the columns that came, and what all of them are below.
    private var names: [UInt32] = []
    private var columnEnd = 0
    /// How many columns must have come before the floors are guessed again.
    private var nextGuess = 0

    /// No bias: this search is for similarities.
    private let noMeans: [Float]
    private var products: [Int32]
    private var pairs = PairsByColumn()
    private var exact: [Float] = []
    private var scratch: [UInt64]

    /// Rows multiplied with a block at a time, so that their products stay in the cache.
    private static let rowsPerStep = 16

    /// Makes a search for up to `rows` rows that keeps `capacity` columns of each.
    ///
    /// - Parameter layout: that of the blocks of columns.
    package init(rows: Int, capacity: Int, layout: CodeLayout) {
        self.capacity = capacity
        self.layout = layout
        room = 8 * capacity + layout.rows
        coded = CodedQueries([Float]().span, alphas: [], layout: layout)
        bounds = ScoreIntervals(count: rows * room)
        noMeans = Array(repeating: 0, count: layout.rows)
        products = Array(repeating: 0, count: min(rows, Self.rowsPerStep) * layout.rows)
        scratch = Array(repeating: 0, count: room)
    }

    /// Starts over with other rows.
    ///
    /// - Parameters:
    ///   - values: rows x dimension.
    ///   - columns: how many columns will be added.
    package mutating func begin(_ values: [Float], columns: Int) {
        rows = values
        let count = values.count / layout.dimension
        precondition(count * room <= bounds.count)
        coded = CodedQueries(values.span, alphas: Array(repeating: 0, count: count), layout: layout)
        counts = Array(repeating: 0, count: count)
        floors = Array(repeating: -.infinity, count: count)
        exact = Array(repeating: 0, count: count)
        names.removeAll(keepingCapacity: true)
        (total, nextGuess, columnEnd) = (columns, layout.rows, 0)
    }

    /// Compares the rows with the columns of a block.
    ///
    /// - Parameters:
    ///   - block: codes.
    ///   - names: what its columns are known by.
    ///   - vectors: gives their vectors.
    package mutating func add(_ block: RawSpan, names: ArraySlice<UInt32>, vectors: Vectors) {
        let noMeans = noMeans
        for start in stride(from: 0, to: coded.count, by: Self.rowsPerStep) {
            let step = start..<min(start + Self.rowsPerStep, coded.count)
            coded.products(block, queries: step, into: &products)
            for row in step {
                let end = row * room + counts[row]
                let found = coded.collect(
                    row, block, count: names.count, products: products, at: (row - start) * layout.rows,
                    means: noMeans.span, from: floors[row], into: &bounds, at: end)
                bounds.rename(from: end, count: found, names)
                counts[row] += found
                if counts[row] + layout.rows > room { settle(row, vectors) }
            }
        }
        self.names += names
        columnEnd = max(columnEnd, Int(names.max() ?? 0) + 1)
        if self.names.count >= nextGuess, self.names.count < total {
            guessFloors()
            nextGuess *= 2
        }
    }

    /// Computes the exact products of all columns that can be among the best.
    ///
    /// - Parameter vectors: gives the vectors of columns.
    package mutating func decide(_ vectors: Vectors) {
        // First those that are the best as far as codes can tell: what they reach for certain excludes most others.
        var least = floors
        for row in counts.indices {
            least[row] = bounds.midpointReached(from: row * room, count: counts[row], wanted: capacity)
        }
        multiply(least, vectors)
        for row in counts.indices { prune(row) }
        multiply(Array(repeating: -.infinity, count: counts.count), vectors)
        for row in counts.indices {
            prune(row)
            if floors[row] > -.infinity, reaching(row) < min(capacity, names.count) { exhaust(row, vectors) }
        }
    }

    /// Copies out the best columns of `row`, after ``decide(_:)``: products falling, equal ones by rising name.
    ///
    /// - Parameters:
    ///   - products: room for `capacity` products.
    ///   - columns: room for `capacity` names.
    /// - Returns: how many there are.
    package mutating func result(row: Int, products: inout [Float], columns: inout [UInt32]) -> Int {
        precondition(products.count >= capacity && columns.count >= capacity)
        let (base, count) = (row * room, counts[row])
        let (capacity, bounds) = (capacity, bounds)
        return unsafe bounds.uppers.withUnsafeBufferPointer { uppers in
            unsafe bounds.rows.withUnsafeBufferPointer { own in
                unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                    guard let u = uppers.baseAddress, let c = own.baseAddress, let s = scratch.baseAddress else {
                        return 0
                    }
                    return unsafe cf_rank(u + base, c + base, count, s, capacity, &products, &columns)
                }
            }
        }
    }

    /// Raises the floors to what rather more than `capacity` of all columns should reach, if those that came are a random
    /// sample of all.
    ///
    /// Of `capacity` columns, so many are expected in the sample; four standard deviations more than that are there in
    /// one sample of thousands.
    private mutating func guessFloors() {
        let expected = Double(capacity) * Double(names.count) / Double(total)
        let wanted = Int(expected + 4 * expected.squareRoot()) + 2
        for row in counts.indices {
            let floor = bounds.midpointReached(from: row * room, count: counts[row], wanted: wanted)
            guard floor > floors[row] else { continue }
            floors[row] = floor
            counts[row] = bounds.drop(from: row * room, count: counts[row], below: floor)
        }
    }

    /// Drops the columns of `row` that are below its floor, or below what `capacity` of its columns reach for certain.
    private mutating func prune(_ row: Int) {
        var threshold = floors[row]
        counts[row] = bounds.prune(from: row * room, count: counts[row], wanted: capacity, threshold: &threshold)
    }

    /// How many columns of `row` reach its floor for certain.
    private func reaching(_ row: Int) -> Int {
        bounds.lowers[row * room..<row * room + counts[row]].count { $0 >= floors[row] }
    }

    /// Computes the exact products of the undecided columns whose middles reach what `least` says of their row, column by
    /// column, so that each column's vector is fetched once for all rows.
    private mutating func multiply(_ least: [Float], _ vectors: Vectors) {
        pairs.begin()
        for row in counts.indices {
            pairs.add(atMost: counts[row]) { places, end in
                bounds.addUndecided(from: row * room, count: counts[row], least: least[row], to: &places, at: end)
            }
        }
        pairs.group(by: bounds.rows, below: columnEnd)
        let (rows, pairs) = (rows, pairs)
        pairs.forEach { column, group, next in
            // A column comes from far: the one after this is on its way while this one is multiplied.
            if let next { vectors(next, Kernels.prefetch) }
            let places = pairs.places[group]
            vectors(column) { vector in
                Kernels.gatheredProducts(rows, vector, places: places, placesPerRow: room, into: &exact)
            }
            bounds.decide(places, exact)
        }
    }

    /// Decides the columns of one row at once: where bounds exclude too little to keep them all.
    private mutating func settle(_ row: Int, _ vectors: Vectors) {
        for index in row * room..<row * room + counts[row] where bounds.lowers[index] < bounds.uppers[index] {
            bounds.decide(index, product(row, Int(bounds.rows[index]), vectors))
        }
        keepBest(row)
    }

    /// Finds the best columns of `row` by multiplying it with all that came.
    private mutating func exhaust(_ row: Int, _ vectors: Vectors) {
        (counts[row], floors[row]) = (0, -.infinity)
        for name in names {
            let product = product(row, Int(name), vectors)
            guard product >= floors[row] else { continue }
            bounds.set(row * room + counts[row], row: name, score: product)
            counts[row] += 1
            if counts[row] == room { keepBest(row) }
        }
    }

    private mutating func product(_ row: Int, _ name: Int, _ vectors: Vectors) -> Float {
        let (rows, own) = (rows, row * layout.dimension..<(row + 1) * layout.dimension)
        vectors(name) { vector in
            exact[0] = Kernels.product(rows.span.extracting(own), vector)
        }
        return exact[0]
    }

    /// Keeps the best columns of `row`, all of which are decided, and no more than `capacity`.
    private mutating func keepBest(_ row: Int) {
        var products = [Float](repeating: 0, count: capacity)
        var best = [UInt32](repeating: 0, count: capacity)
        let kept = result(row: row, products: &products, columns: &best)
        for i in 0..<kept { bounds.set(row * room + i, row: best[i], score: products[i]) }
        counts[row] = kept
        if kept == capacity { floors[row] = max(floors[row], products[kept - 1]) }
    }
}
