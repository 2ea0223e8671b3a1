/// Vectors in memory: `rows` x `dimension` float32 numbers, row-major.
package struct Matrix: Sendable, Equatable {
    /// The number of vectors.
    package let rows: Int
    /// The dimension of the vectors.
    package let dimension: Int
    /// The numbers, `rows` x `dimension`, row-major.
    package let values: [Float]

    /// Creates a matrix; `values` must have `rows` x `dimension` numbers.
    package init(rows: Int, dimension: Int, values: [Float]) {
        precondition(rows >= 0 && dimension >= 0 && values.count == rows * dimension)
        self.rows = rows
        self.dimension = dimension
        self.values = values
    }

    /// The first rows that contain NaN or an infinity, in ascending order, at most `limit`.
    ///
    /// Rows are tested in groups. Only a group with such a number is searched row by row.
    package func nonFiniteRows(limit: Int = ShardError.maximumListedRows) -> [Int] {
        guard limit > 0, dimension > 0 else { return [] }
        let rowsPerGroup = max(1, 16_384 / dimension)
        var found: [Int] = []
        var start = 0
        while start < rows, found.count < limit {
            let end = min(rows, start + rowsPerGroup)
            if !isFinite(start..<end) {
                for row in start..<end where found.count < limit && !isFinite(row..<row + 1) { found.append(row) }
            }
            start = end
        }
        return found
    }

    /// Whether all numbers of a range of rows are finite.
    private func isFinite(_ range: Range<Int>) -> Bool {
        unsafe values.withUnsafeBufferPointer { buffer in
            let part = unsafe UnsafeBufferPointer(
                rebasing: buffer[range.lowerBound * dimension..<range.upperBound * dimension])
            var bits: UInt32 = 0
            // The exponent of NaN and infinity has only ones. To add one to it sets the top bit; for any other exponent
            // the top bit stays 0.
            for index in 0..<part.count { unsafe bits |= (part[index].bitPattern & 0x7fff_ffff) &+ 0x0080_0000 }
            return bits < 0x8000_0000
        }
    }
}
