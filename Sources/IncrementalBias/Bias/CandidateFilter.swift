internal import LMDB
internal import VectorMath

/// Finds which of the references that come enter the heaps of a block of images.
///
/// Where a heap takes few of the references that it meets, products of codes exclude nearly all pairs, and exact
/// products decide about the rest; otherwise all pairs are multiplied, and Faiss selects. Belongs to one thread.
struct CandidateFilter {
    private let layout: StoreLayout
    private let gate: SearchGate
    private let search: ExhaustiveSearch
    private let scratch = FloatScratch()
    private var vectors: [Float] = []
    private var products: [Int32]
    private var bounds: ScoreIntervals
    private var entrants: Ranking
    private var usesCodes = false

    /// References met at a time; between two such pieces a search may go first.
    private static let referencesPerStep = 512
    /// How many times what a heap holds must have been met before few enough enter it for codes to pay.
    private static let heapsWorthCoding = 32
    /// References whose codes are multiplied with a block at a time: the products stay in the first-level cache.
    private static let codesPerStep = 32

    init(layout: StoreLayout, gate: SearchGate) throws {
        self.layout = layout
        self.gate = gate
        search = try ExhaustiveSearch(rows: layout.rowsPerBlock, capacity: layout.settings.capacity)
        products = Array(repeating: 0, count: Self.codesPerStep * layout.rowsPerBlock)
        bounds = ScoreIntervals(count: layout.rowsPerBlock)
        entrants = Ranking(rows: layout.rowsPerBlock)
    }

    /// Finds the pairs of a block's images and the references that come whose products exceed the images' thresholds.
    ///
    /// - Parameters:
    ///   - coded: the vectors that come as codes.
    ///   - rows: the images.
    ///   - thresholds: theirs, from the first on.
    ///   - images: stored vectors, theirs among them.
    ///   - codes: the block in coded form.
    mutating func find(
        _ change: ReferenceChange, _ coded: CodedQueries, rows: Range<Int>, thresholds: [Float],
        images: MappedVectors, codes: RawSpan
    ) throws {
        usesCodes = change.countBetween >= Self.heapsWorthCoding * layout.settings.capacity
        if usesCodes {
            try findByCodes(change, coded, rows: rows, thresholds: thresholds, images: images, codes: codes)
        } else {
            try findByProducts(change, rows: rows, thresholds: thresholds, images: images)
        }
    }

    /// The references that enter the heap of the block's image `slot`, by their numbers among those that come.
    mutating func take(_ slot: Int, into heap: inout ReferenceHeap) {
        if usesCodes {
            heap.take(entrants.best(slot))
        } else {
            heap.take(from: search, row: slot)
        }
    }

    private mutating func findByProducts(
        _ change: ReferenceChange, rows: Range<Int>, thresholds: [Float], images: MappedVectors
    ) throws {
        let dimension = layout.dimension
        images.copy(rows, to: &vectors)
        search.begin(thresholds: thresholds.span.extracting(first: rows.count))
        for start in stride(from: 0, to: change.addedRows.count, by: Self.referencesPerStep) {
            try gate.pass()
            let end = min(start + Self.referencesPerStep, change.addedRows.count)
            try search.add(
                vectors.span.extracting(first: rows.count * dimension),
                columns: change.addedValues.span.extracting(start * dimension..<end * dimension),
                dimension: dimension, firstColumn: UInt32(start))
        }
    }

    private mutating func findByCodes(
        _ change: ReferenceChange, _ coded: CodedQueries, rows: Range<Int>, thresholds: [Float],
        images: MappedVectors, codes: RawSpan
    ) throws {
        let dimension = layout.dimension
        entrants.removeAll()
        for start in stride(from: 0, to: coded.count, by: Self.codesPerStep) {
            if start % Self.referencesPerStep == 0 { try gate.pass() }
            let step = start..<min(start + Self.codesPerStep, coded.count)
            coded.products(codes, queries: step, into: &products)
            for reference in step {
                // With a threshold in the place of the bias, a row's score says by how much it is exceeded.
                let found = coded.collect(
                    reference, codes, count: layout.rowsPerBlock, products: products,
                    at: (reference - start) * layout.rowsPerBlock, means: thresholds.span, from: 0, into: &bounds)
                guard found > 0 else { continue }
                let vector = reference * dimension..<(reference + 1) * dimension
                for index in 0..<found {
                    let slot = bounds[index].row
                    let product = images.withVector(rows.lowerBound + slot, scratch: scratch) { image in
                        Kernels.product(image, change.addedValues.span.extracting(vector))
                    }
                    if product > thresholds[slot] {
                        entrants.add(slot, RankedProduct(product, column: UInt32(reference)))
                    }
                }
            }
        }
        entrants.group()
    }
}
