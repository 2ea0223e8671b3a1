/// The layout of a block of codes.
///
/// A code approximates a vector. Searches read the codes of all rows, and exclude most rows by them.
///
/// The code of a vector has one signed byte per component, padded with zeros to a multiple of 64 bytes. The decoded
/// code is scale x code. Three columns of floats follow the codes of a block: the scale of each row, its residual (the
/// length of the difference between the vector and the decoded code), and its norm (the length of the vector).
///
///     [0 ..< pad]                                  unused, so that codes begin on cache lines
///     [pad ..< pad + rows x stride]                codes
///     then rows x 4 bytes each                     scales, residuals, norms
package struct CodeLayout: Sendable {
    /// The number of rows in a block.
    package let rows: Int
    /// The number of components of a vector.
    package let dimension: Int
    /// The number of bytes from one code to the next.
    package let stride: Int

    /// Makes the layout of blocks with `rows` vectors of `dimension` components.
    package init(rows: Int, dimension: Int) {
        self.rows = rows
        self.dimension = dimension
        stride = (dimension + 63) / 64 * 64
    }

    /// The size of a block in bytes.
    package var byteCount: Int { CacheLine.pad + rows * (stride + 12) }

    /// The offset of the code at position `slot` of a block.
    func code(_ slot: Int) -> Int { CacheLine.pad + slot * stride }

    /// The offset of a column in a block: column 0 has the scales, 1 the residuals, 2 the norms.
    func column(_ number: Int) -> Int { CacheLine.pad + rows * (stride + 4 * number) }
}
