internal import CFaiss

/// An exact inner-product search that multiplies every row with every column.
///
/// For each row it keeps the `capacity` largest products with the columns added so far, above the row's threshold if
/// there is one. Products are computed by ``Kernels`` and selected by Faiss's `ReservoirTopN`. Columns are added block
/// by block, so they can stay where they are stored. A search belongs to one thread at a time.
///
/// For example, the best references of a block of images:
///
///     let search = try ExhaustiveSearch(rows: 512, capacity: 160)
///     search.begin(rows: 512)
///     for block in blocks {
///         try search.add(images, columns: block.vectors.span, dimension: 384, firstColumn: block.first)
///     }
///     let count = search.result(row: 0, products: &products, columns: &columns)
@safe package final class ExhaustiveSearch {
    private let handle: OpaquePointer
    private let rows: Int
    private let capacity: Int
    /// The products kept for one row and their columns, before they are sorted.
    private var keptProducts: [Float]
    private var keptColumns: [UInt32]
    private var ranking: BestProducts

    /// An error of the search, such as a lack of memory.
    package struct Failure: Error, CustomStringConvertible {
        /// The description from C++.
        package let description: String
    }

    /// Makes a search for up to `rows` rows that keeps `capacity` columns of each.
    ///
    /// - Throws: ``Failure`` when there is not enough memory.
    package init(rows: Int, capacity: Int) throws(Failure) {
        var made: OpaquePointer?
        try unsafe Self.call { unsafe cf_search_create(rows, capacity, &made, $0, $1) }
        guard let made = unsafe made else { throw Failure(description: "no search was made") }
        unsafe handle = made
        self.rows = rows
        self.capacity = capacity
        let kept = cf_kept_max(capacity)
        keptProducts = Array(repeating: 0, count: kept)
        keptColumns = Array(repeating: 0, count: kept)
        ranking = BestProducts(count: kept)
    }

    deinit {
        unsafe cf_search_free(handle)
    }

    /// Starts a search with a threshold for each row.
    ///
    /// - Parameter thresholds: one for each row; only larger products are kept.
    package func begin(thresholds: Span<Float>) {
        precondition(thresholds.count <= rows)
        unsafe thresholds.withUnsafeBufferPointer { unsafe cf_search_begin(handle, $0.count, $0.baseAddress) }
    }

    /// Starts a search for `rows` rows without thresholds.
    package func begin(rows: Int) {
        precondition(rows <= self.rows)
        unsafe cf_search_begin(handle, rows, nil)
    }

    /// Multiplies the rows with more columns and keeps the largest products.
    ///
    /// - Parameters:
    ///   - matrix: the rows, rows x dimension; the same in every call of one search.
    ///   - columns: columns x dimension.
    ///   - firstColumn: the number of the first of these columns; the others follow it.
    /// - Throws: ``Failure`` when there is not enough memory.
    package func add(_ matrix: Span<Float>, columns: Span<Float>, dimension: Int, firstColumn: UInt32) throws(Failure) {
        try unsafe Self.call { message, size in
            unsafe matrix.withUnsafeBufferPointer { matrix in
                unsafe columns.withUnsafeBufferPointer { columns in
                    guard let m = matrix.baseAddress, let c = columns.baseAddress else { return cf_ok }
                    return unsafe cf_search_add(
                        handle, m, c, dimension, columns.count / dimension, firstColumn, message, size)
                }
            }
        }
    }

    /// Copies out the best columns of `row`: products descending, equal ones by ascending column.
    ///
    /// - Parameters:
    ///   - products: receives the products; at least `capacity` elements.
    ///   - columns: receives the columns' numbers; at least `capacity` elements.
    /// - Returns: the number of columns found.
    package func result(row: Int, products: inout [Float], columns: inout [UInt32]) -> Int {
        precondition(row < rows)
        let count = unsafe cf_search_kept(handle, row, &keptProducts, &keptColumns)
        let (values, names) = (keptProducts, keptColumns)
        return ranking.select(
            values.span.extracting(first: count), names.span.extracting(first: count), capacity: capacity,
            products: &products, columns: &columns)
    }

    private static func call(_ body: (UnsafeMutablePointer<CChar>, Int) -> cf_status) throws(Failure) {
        let message: String? = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            unsafe start.initialize(repeating: 0, count: buffer.count)
            return unsafe body(start, buffer.count) == cf_ok ? nil : String(cString: start)
        }
        if let message { throw Failure(description: message) }
    }
}
