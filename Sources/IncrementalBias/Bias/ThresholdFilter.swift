internal import VectorMath

/// Finds the pairs of an image and an added reference whose similarity exceeds the image's threshold: the *matches*.
///
/// The threshold of an image is the similarity that a new reference must exceed to enter the image's heap. The filter
/// works on one block of images at a time. It has two methods:
///
/// - By codes: bounds from products of codes exclude nearly all pairs, and exact products decide the others. This is
///   faster if few of the added references can enter a heap.
/// - By products: all pairs are multiplied, and Faiss selects the best of each image.
///
/// By codes, the references are the queries; by products, the images are.
///
/// A filter is used by one thread at a time.
struct ThresholdFilter {
    private let layout: StoreLayout
    private let priority: SearchPriority
    private let exhaustiveSearch: ExhaustiveSearch
    private let scratch = FloatScratch()
    /// The vectors of the block's images as floats, images x dimension.
    private var imageVectors: [Float] = []
    /// For each reference of one step the images of the block that bounds did not exclude.
    private var candidates: Candidates
    /// The matches found by codes; those found by products stay in `exhaustiveSearch`.
    private var matches: MatchesByImage
    /// Whether the last call of `find` used codes.
    private var usedCodes = false

    /// The number of references that are compared before the thread lets waiting searches go first.
    private static let referencesPerYield = 512
    /// Codes are used if the corpus, without the added references, has at least this many times as many references as a
    /// heap can hold.
    private static let minimumReferencesPerCapacity = 32
    /// The number of references that are compared with a block at a time; it limits the memory for candidates.
    private static let referencesPerStep = 96
    /// What the scan of a block multiplies.
    ///
    /// The high halves of codes exclude nearly all pairs.
    static let scanKind = CodedQueries.ScanKind.halves
    /// The score that a match must reach: its similarity minus the threshold of the image.
    private static let minimumScores = [Float](repeating: 0, count: referencesPerStep)

    /// - Parameters:
    ///   - layout: the sizes of the store's blocks and heaps.
    ///   - priority: the priority of searches, to which long loops yield.
    init(layout: StoreLayout, priority: SearchPriority) throws {
        self.layout = layout
        self.priority = priority
        exhaustiveSearch = try ExhaustiveSearch(queries: layout.rowsPerBlock, capacity: layout.settings.capacity)
        candidates = Candidates(
            lists: Self.referencesPerStep, capacity: layout.rowsPerBlock, layout: layout.codes)
        matches = MatchesByImage(images: layout.rowsPerBlock)
    }

    /// Finds the matches of one block of images.
    ///
    /// ``copyMatches(of:into:)`` returns them.
    ///
    /// - Parameters:
    ///   - change: the change of the references; only its added references are compared.
    ///   - referenceCodes: the codes of the added references, created with alpha 1.
    ///   - rows: the block's rows that were ever used. Rows without an image have the threshold +infinity.
    ///   - thresholds: one threshold for each row of the block, `layout.rowsPerBlock` in total.
    ///   - imageVectors: mapped vectors, at least those of `rows`.
    ///   - imageCodes: the block of the images' codes.
    /// - Throws: `CancellationError` if the commit is interrupted, or `FaissFailure`.
    mutating func find(
        _ change: ReferenceChange, referenceCodes: CodedQueries, rows: Range<Int>, thresholds: [Float],
        imageVectors: MappedVectors, imageCodes: RawSpan
    ) throws {
        usedCodes = change.countAfterRemoval >= Self.minimumReferencesPerCapacity * layout.settings.capacity
        if usedCodes {
            try findByCodes(
                change, referenceCodes: referenceCodes, rows: rows, thresholds: thresholds,
                imageVectors: imageVectors, imageCodes: imageCodes)
        } else {
            try findByProducts(change, rows: rows, thresholds: thresholds, imageVectors: imageVectors)
        }
    }

    /// Replaces the content of `heap` by the best matches of an image, at most `capacity` of them.
    ///
    /// The rows in `heap` are then indices into the added references.
    ///
    /// - Parameter slot: the position of the image in its block.
    mutating func copyMatches(of slot: Int, into heap: inout ReferenceHeap) {
        if usedCodes {
            heap.copy(matches.best(of: slot))
        } else {
            heap.copy(from: exhaustiveSearch, query: slot)
        }
    }

    private mutating func findByProducts(
        _ change: ReferenceChange, rows: Range<Int>, thresholds: [Float], imageVectors mapped: MappedVectors
    ) throws {
        let dimension = layout.dimension
        mapped.copy(rows, to: &imageVectors)
        exhaustiveSearch.begin(thresholds: thresholds.span.extracting(first: rows.count))
        for start in stride(from: 0, to: change.addedRows.count, by: Self.referencesPerYield) {
            try priority.yieldToSearches()
            let end = min(start + Self.referencesPerYield, change.addedRows.count)
            try exhaustiveSearch.add(
                imageVectors.span.extracting(first: rows.count * dimension),
                vectors: change.addedValues.span.extracting(start * dimension..<end * dimension),
                dimension: dimension, firstRow: UInt32(start))
        }
    }

    private mutating func findByCodes(
        _ change: ReferenceChange, referenceCodes: CodedQueries, rows: Range<Int>, thresholds: [Float],
        imageVectors: MappedVectors, imageCodes: RawSpan
    ) throws {
        let dimension = layout.dimension
        matches.removeAll()
        var lastYield = 0
        for start in stride(from: 0, to: referenceCodes.count, by: Self.referencesPerStep) {
            if start == 0 || start - lastYield >= Self.referencesPerYield {
                try priority.yieldToSearches()
                lastYield = start
            }
            let step = start..<min(start + Self.referencesPerStep, referenceCodes.count)
            candidates.removeAll()
            // The thresholds are passed as the means, and all alphas are 1: a score is then the similarity minus the
            // threshold.
            let counts = referenceCodes.scan(
                imageCodes, next: imageCodes, queries: step, means: thresholds.span, thresholds: Self.minimumScores,
                firstRow: 0, kind: Self.scanKind, into: &candidates)
            guard counts.low > 0 else { continue }
            for reference in step {
                let vector = reference * dimension..<(reference + 1) * dimension
                for position in candidates.positions(of: reference - start) {
                    let slot = candidates.intervals[position].row
                    let similarity = imageVectors.withVector(rows.lowerBound + slot, scratch: scratch) { image in
                        Kernels.product(image, change.addedValues.span.extracting(vector))
                    }
                    if similarity > thresholds[slot] {
                        matches.add(RankedProduct(similarity, row: UInt32(reference)), image: slot)
                    }
                }
            }
        }
        matches.group()
    }
}
