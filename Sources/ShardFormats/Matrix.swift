/// Vectors in memory: `rows` x `dimension` float32 numbers, row after row.
package struct Matrix: Sendable, Equatable {
    /// The number of vectors.
    package let rows: Int
    /// The number of numbers in a vector.
    package let dimension: Int
    /// The numbers, `rows` x `dimension`, row-major.
    package let values: [Float]

    /// A matrix of numbers that are there already; that `values` holds `rows` x `dimension` of them is a precondition.
    package init(rows: Int, dimension: Int, values: [Float]) {
        precondition(rows >= 0 && dimension >= 0 && values.count == rows * dimension)
        self.rows = rows
        self.dimension = dimension
        self.values = values
    }

    /// The first rows that hold a NaN or an infinity, rising, at most `limit`.
    ///
    /// One pass over memory when all is well; rows are looked at one by one from the first offending block on only.
    package func nonFiniteRows(limit: Int = ShardError.maximumListedRows) -> [Int] {
        guard limit > 0, dimension > 0 else { return [] }
        let blockRows = max(1, 16_384 / dimension)
        var found: [Int] = []
        var start = 0
        while start < rows, found.count < limit {
            let end = min(rows, start + blockRows)
            if !isFinite(start..<end) {
                for row in start..<end where found.count < limit && !isFinite(row..<row + 1) { found.append(row) }
            }
            start = end
        }
        return found
    }

    private func isFinite(_ range: Range<Int>) -> Bool {
        unsafe values.withUnsafeBufferPointer { buffer in
            let part = unsafe UnsafeBufferPointer(
                rebasing: buffer[range.lowerBound * dimension..<range.upperBound * dimension])
            var bits: UInt32 = 0
            // An exponent of all ones, and no other, carries into the top bit when one is added to it.
            for index in 0..<part.count { unsafe bits |= (part[index].bitPattern & 0x7fff_ffff) &+ 0x0080_0000 }
            return bits < 0x8000_0000
        }
    }
}
