/// The rows of a matrix, which several threads change at the same time.
///
/// Each row may be used by one thread only; anything else is a programmer error. The rows are valid only inside
/// ``with(_:dimension:_:)``.
@safe package struct SharedRows: @unchecked Sendable {
    // Sendable: the caller guarantees that no two threads use one row.
    private let values: UnsafeMutableBufferPointer<Float>
    private let dimension: Int

    /// Calls `body` with the rows of the matrix `values`, rows x dimension.
    package static func with<R>(_ values: inout [Float], dimension: Int, _ body: (SharedRows) throws -> R) rethrows -> R
    {
        try unsafe values.withUnsafeMutableBufferPointer { buffer in
            try unsafe body(SharedRows(values: buffer, dimension: dimension))
        }
    }

    private func row(_ row: Int) -> UnsafeMutableBufferPointer<Float> {
        unsafe UnsafeMutableBufferPointer(rebasing: values[row * dimension..<(row + 1) * dimension])
    }

    /// The length of a row, in double precision; not finite if one of its components is not.
    package func norm(_ row: Int) -> Double {
        unsafe Kernels.norm(self.row(row).span)
    }

    /// The largest magnitude of a component of a row.
    package func magnitude(_ row: Int) -> Float {
        unsafe self.row(row).reduce(0) { max($0, abs($1)) }
    }

    /// Scales a row, whose length is `norm`, to length 1.
    package func normalise(_ row: Int, norm: Double) {
        var span = unsafe self.row(row).mutableSpan
        Kernels.normalise(&span, norm: norm)
    }

    /// Rounds a row to the values that are read back after it has been stored.
    package func round(_ row: Int, as coding: VectorCoding) {
        guard coding.precision != .float32 else { return }
        let row = unsafe self.row(row)
        let rounded = coding.rounded(unsafe Array(row))
        _ = unsafe row.update(fromContentsOf: rounded)
    }
}
