internal import VectorMath

/// Finds the added references that enter the heaps of a block of images: the candidates.
///
/// Where few of the added references enter a heap, bounds from products of codes exclude nearly all pairs, and exact
/// products decide the rest. Otherwise all pairs are multiplied, and Faiss selects. A filter belongs to one thread.
struct CandidateFilter {
    private let layout: StoreLayout
    private let priority: SearchPriority
    private let search: ExhaustiveSearch
    private let scratch = FloatScratch()
    private var vectors: [Float] = []
    private var products: [Int32]
    private var bounds: ScoreIntervals
    private var candidates: Ranking
    private var usesCodes = false

    /// References processed between two yields to searches.
    private static let referencesPerStep = 512
    /// Codes are used from this many times the capacity of references on: few of the added ones enter a heap then.
    private static let minimumReferencesPerCapacity = 32
    /// References whose codes are multiplied with a block at a time, so that the products stay in the first-level cache.
    private static let codesPerStep = 32

    init(layout: StoreLayout, priority: SearchPriority) throws {
        self.layout = layout
        self.priority = priority
        search = try ExhaustiveSearch(rows: layout.rowsPerBlock, capacity: layout.settings.capacity)
        products = Array(repeating: 0, count: Self.codesPerStep * layout.rowsPerBlock)
        bounds = ScoreIntervals(count: layout.rowsPerBlock)
        candidates = Ranking(rows: layout.rowsPerBlock)
    }

    /// Finds the pairs of an image of a block and an added reference whose product exceeds the image's threshold.
    ///
    /// - Parameters:
    ///   - coded: the codes of the added references.
    ///   - rows: the rows of the block's images.
    ///   - thresholds: the images' thresholds, in the order of `rows`.
    ///   - images: mapped vectors that include those of the images.
    ///   - codes: the block of codes.
    mutating func find(
        _ change: ReferenceChange, _ coded: CodedQueries, rows: Range<Int>, thresholds: [Float],
        images: MappedVectors, codes: RawSpan
    ) throws {
        usesCodes = change.countBetween >= Self.minimumReferencesPerCapacity * layout.settings.capacity
        if usesCodes {
            try findByCodes(change, coded, rows: rows, thresholds: thresholds, images: images, codes: codes)
        } else {
            try findByProducts(change, rows: rows, thresholds: thresholds, images: images)
        }
    }

    /// Copies the candidates of the block's image `slot` into `heap`; a candidate's row is its index among the added
    /// references.
    mutating func copyCandidates(of slot: Int, into heap: inout ReferenceHeap) {
        if usesCodes {
            heap.copy(candidates.best(slot))
        } else {
            heap.copy(from: search, row: slot)
        }
    }

    private mutating func findByProducts(
        _ change: ReferenceChange, rows: Range<Int>, thresholds: [Float], images: MappedVectors
    ) throws {
        let dimension = layout.dimension
        images.copy(rows, to: &vectors)
        search.begin(thresholds: thresholds.span.extracting(first: rows.count))
        for start in stride(from: 0, to: change.addedRows.count, by: Self.referencesPerStep) {
            try priority.yieldToSearches()
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
        candidates.removeAll()
        for start in stride(from: 0, to: coded.count, by: Self.codesPerStep) {
            if start % Self.referencesPerStep == 0 { try priority.yieldToSearches() }
            let step = start..<min(start + Self.codesPerStep, coded.count)
            coded.products(codes, queries: step, into: &products)
            for reference in step {
                // With the threshold as the bias, a score above 0 means a product above the threshold.
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
                        candidates.add(slot, RankedProduct(product, column: UInt32(reference)))
                    }
                }
            }
        }
        candidates.group()
    }
}
