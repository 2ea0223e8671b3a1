/// Checks of the sizes of an array that a header states.
enum ArrayShape {
    /// The product of `sizes` and `itemByteCount`; `nil` if a size is negative or the product overflows.
    ///
    /// If a size is zero the product is zero, whatever the other sizes are.
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

    /// Rows and dimension of an array of vectors.
    ///
    /// - Parameter mayBeOneRow: whether a one-dimensional array counts as a single row.
    /// - Throws: `bad_shape`, `no_rows`, `no_dimension`.
    static func matrix(_ sizes: [Int], mayBeOneRow: Bool = false) throws(ShardError) -> (rows: Int, dimension: Int) {
        let sizes = mayBeOneRow && sizes.count == 1 ? [1] + sizes : sizes
        guard sizes.count == 2 else { throw .badShape("the array has \(sizes.count) dimensions instead of two") }
        guard sizes[0] >= 0, sizes[1] >= 0 else { throw .badShape("a size is negative") }
        guard sizes[0] > 0 else { throw .noRows }
        guard sizes[1] > 0 else { throw .noDimension }
        // The bytes of the matrix as float32, and as the widest format.
        guard byteCount(sizes, itemByteCount: 8) != nil else { throw .overflowingShape }
        return (sizes[0], sizes[1])
    }

    /// Limits the number of rows, and so the memory for their ids.
    ///
    /// The limit is one row for each 64 bytes of the largest shard, and at least 4,096.
    ///
    /// - Throws: `too_large`.
    static func checkRows(_ rows: Int, maximumBytes: Int) throws(ShardError) {
        let limit = max(4096, maximumBytes / 64)
        guard rows <= limit else { throw .tooManyRows(rows, limit: limit) }
    }

    /// Compares the size of a file with the size that its header says.
    ///
    /// - Throws: `truncated`, `trailing_bytes`.
    static func checkSize(_ byteCount: Int, expected: Int) throws(ShardError) {
        if byteCount < expected { throw .truncated(byteCount: byteCount, expected: expected) }
        if byteCount > expected { throw .trailingBytes(byteCount: byteCount, expected: expected) }
    }
}
