internal import CFaiss
internal import CKernels

/// An exhaustive inner-product search that is exact and multiplies mostly codes.
///
/// For each of some rows it keeps the columns that can be among the `capacity` best: products of codes bound the
/// products of the vectors, and a column whose upper bound is below what `capacity` columns reach for certain is out.
/// Exact products decide about those that are left, column by column, so that each column's vector is fetched once
/// for all rows. A search belongs to one thread at a time.
///
/// For example, the best references of some images:
///
///     var search = CodedSearch(rows: 256, capacity: 160, layout: layout)
///     search.begin(images)
///     for block in references { search.add(block, count: 512, firstColumn: row) { column, body in ... } }
///     search.decide { column, body in ... }
///     let count = search.result(row: 0, products: &products, columns: &columns)
package struct CodedSearch {
    /// Hands a column's vector, dimension floats, to its second argument.
    package typealias Vectors = (_ column: Int, _ body: (Span<Float>) -> Void) -> Void

    private let capacity: Int
    private let layout: CodeLayout
    /// Columns that a row has room for.
    private let room: Int

    private var rows: [Float] = []
    private var coded: CodedQueries
    private var counts: [Int] = []
    private var thresholds: [Float] = []
    /// How many columns a row may collect before it is pruned again.
    private var limits: [Int] = []
    /// The columns of each row that can be among its best, `room` for each row.
    private var bounds: BoundedRows
    /// No bias: this search is for similarities.
    private let noMeans: [Float]
    private var products: [Int32]
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
        bounds = BoundedRows(count: rows * room)
        noMeans = Array(repeating: 0, count: layout.rows)
        products = Array(repeating: 0, count: min(rows, Self.rowsPerStep) * layout.rows)
        scratch = Array(repeating: 0, count: room)
    }

    /// Starts over with other rows.
    ///
    /// - Parameter values: rows x dimension.
    package mutating func begin(_ values: [Float]) {
        rows = values
        let count = values.count / layout.dimension
        precondition(count * room <= bounds.count)
        coded = CodedQueries(values.span, alphas: Array(repeating: 0, count: count), layout: layout)
        counts = Array(repeating: 0, count: count)
        thresholds = Array(repeating: -.infinity, count: count)
        limits = Array(repeating: 2 * capacity, count: count)
    }

    /// Compares the rows with the columns of a block.
    ///
    /// - Parameters:
    ///   - block: codes.
    ///   - count: how many columns the block has.
    ///   - firstColumn: the number that the first of them is known by.
    ///   - vectors: gives the vectors of columns.
    package mutating func add(_ block: RawSpan, count: Int, firstColumn: UInt32, vectors: Vectors) {
        let noMeans = noMeans
        for start in stride(from: 0, to: coded.count, by: Self.rowsPerStep) {
            let step = start..<min(start + Self.rowsPerStep, coded.count)
            coded.products(block, queries: step, into: &products)
            for row in step {
                let base = row * room
                counts[row] += coded.collect(
                    row, block, count: count, products: products, at: (row - start) * layout.rows,
                    means: noMeans.span, first: firstColumn, from: thresholds[row], into: &bounds,
                    at: base + counts[row])
                if counts[row] > limits[row] {
                    prune(row)
                    limits[row] = min(counts[row] + capacity, room - layout.rows)
                }
                if counts[row] + layout.rows > room { settle(row, vectors) }
            }
        }
    }

    /// Computes the exact products of all columns that are left.
    ///
    /// - Parameter vectors: gives the vectors of columns.
    package mutating func decide(_ vectors: Vectors) {
        // All pairs by column: their positions, sorted by counting.
        var end = 0
        for row in counts.indices {
            prune(row)
            for i in row * room..<row * room + counts[row] { end = max(end, Int(bounds.rows[i]) + 1) }
        }
        var starts = [Int](repeating: 0, count: end + 1)
        for row in counts.indices {
            for i in row * room..<row * room + counts[row] { starts[Int(bounds.rows[i]) + 1] += 1 }
        }
        for column in 0..<end { starts[column + 1] += starts[column] }
        var rowsOf = [UInt32](repeating: 0, count: starts[end])
        var positions = [Int32](repeating: 0, count: starts[end])
        var next = starts
        for row in counts.indices {
            for i in row * room..<row * room + counts[row] {
                let place = next[Int(bounds.rows[i])]
                rowsOf[place] = UInt32(row)
                positions[place] = Int32(i)
                next[Int(bounds.rows[i])] = place + 1
            }
        }
        var exact = [Float](repeating: 0, count: counts.count)
        let rows = rows
        for column in 0..<end where starts[column] < starts[column + 1] {
            let pairs = starts[column]..<starts[column + 1]
            vectors(column) { vector in
                Kernels.gatheredProducts(rows, vector, rows: rowsOf, pairs, into: &exact)
            }
            for (index, place) in pairs.enumerated() {
                bounds.decide(Int(positions[place]), exact[index])
            }
        }
    }

    /// Copies out the best columns of `row`, after ``decide(_:)``: products falling, equal ones by rising column.
    ///
    /// - Parameters:
    ///   - products: room for `capacity` products.
    ///   - columns: room for `capacity` columns.
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

    /// Raises the threshold of `row` to what `capacity` of its columns reach for certain, and drops what is below.
    private mutating func prune(_ row: Int) {
        counts[row] = bounds.prune(
            from: row * room, count: counts[row], wanted: capacity, threshold: &thresholds[row])
    }

    /// Decides the columns of one row at once: where bounds exclude too little to keep them all.
    private mutating func settle(_ row: Int, _ vectors: Vectors) {
        let base = row * room
        var exact: [Float] = [0]
        let rows = rows
        for i in base..<base + counts[row] where bounds.lowers[i] < bounds.uppers[i] {
            vectors(Int(bounds.rows[i])) { vector in
                Kernels.gatheredProducts(rows, vector, rows: [UInt32(row)], 0..<1, into: &exact)
            }
            bounds.decide(i, exact[0])
        }
        var products = [Float](repeating: 0, count: capacity)
        var best = [UInt32](repeating: 0, count: capacity)
        let kept = result(row: row, products: &products, columns: &best)
        for i in 0..<kept {
            bounds.set(base + i, row: best[i], score: products[i])
        }
        counts[row] = kept
        if kept == capacity { thresholds[row] = max(thresholds[row], products[kept - 1]) }
    }
}
