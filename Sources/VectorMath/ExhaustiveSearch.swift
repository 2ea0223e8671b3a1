internal import CFaiss

/// Faiss's exhaustive inner-product search over vectors that stay where they are, fed block by block.
///
/// For each of some rows it keeps the `capacity` largest products with the columns seen so far, above the row's
/// threshold if there is one. Products are computed by our kernels, and selected by Faiss's reservoirs.
/// A search belongs to one thread at a time.
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

    /// Faiss could not do its work.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Makes a search for up to `rows` rows that keeps `capacity` columns of each.
    ///
    /// - Throws: ``Failure`` when memory is short.
    package init(rows: Int, capacity: Int) throws(Failure) {
        var made: OpaquePointer?
        try unsafe Self.call { unsafe cf_search_create(rows, capacity, &made, $0, $1) }
        guard let made = unsafe made else { throw Failure(description: "no search was made") }
        unsafe handle = made
        self.rows = rows
        self.capacity = capacity
    }

    deinit {
        unsafe cf_search_free(handle)
    }

    /// Starts over.
    ///
    /// - Parameter thresholds: one a row; only greater products count.
    package func begin(thresholds: Span<Float>) {
        precondition(thresholds.count <= rows)
        unsafe thresholds.withUnsafeBufferPointer { unsafe cf_search_begin(handle, $0.count, $0.baseAddress) }
    }

    /// Starts over with `rows` rows and no thresholds.
    package func begin(rows: Int) {
        precondition(rows <= self.rows)
        unsafe cf_search_begin(handle, rows, nil)
    }

    /// Multiplies the rows with more columns and keeps the best.
    ///
    /// - Parameters:
    ///   - matrix: the rows, rows x dimension, the same for each call since ``begin(rows:)``.
    ///   - columns: columns x dimension.
    ///   - firstColumn: the number that the first of the columns is known by.
    /// - Throws: ``Failure`` when memory is short.
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

    /// Copies out what was kept for `row`: products falling, equal ones by rising column.
    ///
    /// - Parameters:
    ///   - products: room for `capacity` products.
    ///   - columns: room for `capacity` columns.
    /// - Returns: how many there are.
    package func result(row: Int, products: inout [Float], columns: inout [UInt32]) -> Int {
        precondition(products.count >= capacity && columns.count >= capacity)
        return unsafe products.withUnsafeMutableBufferPointer { products in
            unsafe columns.withUnsafeMutableBufferPointer { columns in
                guard let p = products.baseAddress, let c = columns.baseAddress else { return 0 }
                return unsafe cf_search_result(handle, row, p, c)
            }
        }
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
