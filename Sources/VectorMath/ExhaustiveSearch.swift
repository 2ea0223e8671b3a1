internal import CFaiss

/// An exact inner-product search that multiplies each query with each vector.
///
/// For each query it keeps the `capacity` largest products with the vectors added so far. Products that do not exceed
/// the query's threshold are not kept. ``Kernels`` computes the products, and Faiss's `ReservoirTopN` selects. The
/// caller adds the vectors block by block, so that no copy of all vectors is needed. One thread at a time can use a
/// search.
///
/// For example, the best references of a block of images:
///
///     let search = try ExhaustiveSearch(queries: 512, capacity: 160)
///     search.begin(queries: 512)
///     for block in blocks {
///         try search.add(images, vectors: block.vectors.span, dimension: 384, firstRow: block.firstRow)
///     }
///     let count = search.result(query: 0, products: &products, rows: &rows)
@safe package final class ExhaustiveSearch {
    private let handle: OpaquePointer
    private let maximumQueries: Int
    private let capacity: Int
    /// The products that Faiss has kept for one query, not sorted.
    private var keptProducts: [Float]
    /// The rows of the vectors of `keptProducts`.
    private var keptRows: [UInt32]
    private var best: BestProducts

    /// Makes a search.
    ///
    /// - Parameters:
    ///   - queries: the maximum number of queries.
    ///   - capacity: the number of vectors to find for each query.
    /// - Throws: ``FaissFailure`` if there is not enough memory.
    package init(queries: Int, capacity: Int) throws(FaissFailure) {
        var made: OpaquePointer?
        try unsafe FaissFailure.check { unsafe cf_search_create(queries, capacity, &made, $0, $1) }
        guard let made = unsafe made else { throw FaissFailure(description: "no search was made") }
        unsafe handle = made
        maximumQueries = queries
        self.capacity = capacity
        let kept = cf_kept_max(capacity)
        keptProducts = Array(repeating: 0, count: kept)
        keptRows = Array(repeating: 0, count: kept)
        best = BestProducts(count: kept)
    }

    deinit {
        unsafe cf_search_free(handle)
    }

    /// Starts a search with a threshold for each query.
    ///
    /// - Parameter thresholds: one for each query; only larger products are kept.
    package func begin(thresholds: Span<Float>) {
        precondition(thresholds.count <= maximumQueries)
        unsafe thresholds.withUnsafeBufferPointer { unsafe cf_search_begin(handle, $0.count, $0.baseAddress) }
    }

    /// Starts a search without thresholds.
    ///
    /// - Parameter queries: the number of queries.
    package func begin(queries: Int) {
        precondition(queries <= maximumQueries)
        unsafe cf_search_begin(handle, queries, nil)
    }

    /// Multiplies the queries with more vectors and keeps the largest products.
    ///
    /// - Parameters:
    ///   - queries: queries x dimension; the same in every call of one search.
    ///   - vectors: the vectors to add, vectors x dimension.
    ///   - firstRow: the row of the first of these vectors. Their rows are consecutive.
    /// - Throws: ``FaissFailure`` if there is not enough memory.
    package func add(_ queries: Span<Float>, vectors: Span<Float>, dimension: Int, firstRow: UInt32)
        throws(FaissFailure)
    {
        try unsafe FaissFailure.check { message, size in
            unsafe queries.withUnsafeBufferPointer { queries in
                unsafe vectors.withUnsafeBufferPointer { vectors in
                    guard let q = queries.baseAddress, let v = vectors.baseAddress else { return cf_ok }
                    return unsafe cf_search_add(
                        handle, q, v, dimension, vectors.count / dimension, firstRow, message, size)
                }
            }
        }
    }

    /// Writes the best vectors of a query, by falling product, and by ascending row if products are equal.
    ///
    /// - Parameters:
    ///   - query: the index of the query.
    ///   - products: receives the products; at least `capacity` elements.
    ///   - rows: receives the rows of the vectors; at least `capacity` elements.
    /// - Returns: the number of vectors found, at most `capacity`.
    package func result(query: Int, products: inout [Float], rows: inout [UInt32]) -> Int {
        precondition(query < maximumQueries)
        let count = unsafe cf_search_kept(handle, query, &keptProducts, &keptRows)
        let (kept, rowsOfKept) = (keptProducts, keptRows)
        return best.select(
            kept.span.extracting(first: count), rows: rowsOfKept.span.extracting(first: count),
            capacity: capacity, bestProducts: &products, bestRows: &rows)
    }
}
