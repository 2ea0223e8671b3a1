/// Vectors in memory: `rows` x `dimension` float32 numbers, row-major.
package struct Matrix: Sendable, Equatable {
    /// The number of vectors.
    package let rows: Int
    /// The numbers per vector.
    package let dimension: Int
    /// The numbers, `rows` x `dimension`, row-major.
    package let values: [Float]

    /// A matrix of `rows` x `dimension` numbers; another count is a programmer error.
    package init(rows: Int, dimension: Int, values: [Float]) {
        precondition(rows >= 0 && dimension >= 0 && values.count == rows * dimension)
        self.rows = rows
        self.dimension = dimension
        self.values = values
    }

    /// The first rows with a NaN or an infinity, rising, at most `limit`.
    ///
    /// One pass over memory if all numbers are finite: only blocks with another number are searched row by row.
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
            // Adding one to an exponent of all ones carries into the top bit; to any other exponent it doesn't.
            for index in 0..<part.count { unsafe bits |= (part[index].bitPattern & 0x7fff_ffff) &+ 0x0080_0000 }
            return bits < 0x8000_0000
        }
    }
}
