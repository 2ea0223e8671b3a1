/// Checks of the array sizes that the header of a file states.
enum ArrayShape {
    /// The size of an array in bytes: the product of `sizes` and `itemByteCount`.
    ///
    /// If a size is zero, the product is zero, however large the others are.
    ///
    /// - Parameters:
    ///   - sizes: the sizes along the dimensions of the array.
    ///   - itemByteCount: the size of an element in bytes.
    /// - Returns: `nil` if a size is negative or the product overflows.
    static func byteCount(_ sizes: [Int], itemByteCount: Int) -> Int? {
        guard itemByteCount >= 0, sizes.allSatisfy({ $0 >= 0 }) else { return nil }
        if itemByteCount == 0 || sizes.contains(0) { return 0 }
        var product = itemByteCount
        for size in sizes {
            let (next, overflows) = product.multipliedReportingOverflow(by: size)
            if overflows { return nil }
            product = next
        }
        return product
    }

    /// The rows and the dimension of an array of vectors.
    ///
    /// A one-dimensional array is one vector: a single row.
    ///
    /// - Parameter sizes: the sizes along the dimensions of the array.
    /// - Throws: `bad_shape`, `no_rows`, `no_dimension`.
    static func matrix(_ sizes: [Int]) throws(ShardError) -> (rows: Int, dimension: Int) {
        if sizes == [0] { throw .noRows }
        let sizes = sizes.count == 1 ? [1] + sizes : sizes
        guard sizes.count == 2 else { throw .badShape("the array has \(sizes.count) dimensions instead of two") }
        guard sizes[0] >= 0, sizes[1] >= 0 else { throw .badShape("a size is negative") }
        guard sizes[0] > 0 else { throw .noRows }
        guard sizes[1] > 0 else { throw .noDimension }
        // float64 is the widest format, so the size as float32 does not overflow either.
        guard byteCount(sizes, itemByteCount: 8) != nil else { throw .overflowingShape }
        return (sizes[0], sizes[1])
    }

    /// The number of ids in an array: the only one of its sizes that is not 1, or 1 if there is none.
    ///
    /// The shapes (N,), (N, 1) and (1, N) have N ids. Their order in the file is the same in C and in Fortran order.
    ///
    /// - Parameter sizes: the sizes along the dimensions of the array.
    /// - Returns: `nil` if several sizes are not 1.
    static func idCount(_ sizes: [Int]) -> Int? {
        let lengths = sizes.filter { $0 != 1 }
        return lengths.count > 1 ? nil : lengths.first ?? 1
    }

    /// Checks the number of rows, which limits the memory for their ids.
    ///
    /// The maximum is `maximumBytes` / 64 rows, and at least 4,096.
    ///
    /// - Parameters:
    ///   - rows: the number of rows.
    ///   - maximumBytes: the maximum size of a shard in bytes.
    /// - Throws: `too_large`.
    static func checkRows(_ rows: Int, maximumBytes: Int) throws(ShardError) {
        let limit = max(4096, maximumBytes / 64)
        guard rows <= limit else { throw .tooManyRows(rows, limit: limit) }
    }

    /// Checks that a file has the size that its header states.
    ///
    /// - Throws: `truncated`, `trailing_bytes`.
    static func checkSize(_ byteCount: Int, expected: Int) throws(ShardError) {
        if byteCount < expected { throw .truncated(byteCount: byteCount, expected: expected) }
        if byteCount > expected { throw .trailingBytes(byteCount: byteCount, expected: expected) }
    }
}
