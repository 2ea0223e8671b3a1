/// The layout of a block of coded rows, by which searches exclude most rows.
///
/// A code is one signed byte per number, padded with zeros to a multiple of 64 bytes. Three columns of floats follow
/// the codes of a block: scales, residuals (the lengths of the vectors minus their decoded codes) and norms (the
/// lengths of the vectors).
///
///     [0 ..< pad]                                  unused, so that codes begin on cache lines
///     [pad ..< pad + rows x stride]                codes
///     then rows x 4 bytes each                     scales, residuals, norms
package struct CodeLayout: Sendable {
    /// The number of rows in a block.
    package let rows: Int
    /// The number of numbers in a vector.
    package let dimension: Int
    /// The bytes from one code to the next.
    package let stride: Int

    /// Makes the layout of blocks of `rows` vectors of `dimension` numbers.
    package init(rows: Int, dimension: Int) {
        self.rows = rows
        self.dimension = dimension
        stride = (dimension + 63) / 64 * 64
    }

    /// The size of a block in bytes.
    package var byteCount: Int { CacheLine.pad + rows * (stride + 12) }

    /// The offset of a row's code in the block.
    func code(_ row: Int) -> Int { CacheLine.pad + row * stride }

    /// The offset of a column: 0 for the scales, 1 for the residuals, 2 for the norms.
    func column(_ number: Int) -> Int { CacheLine.pad + rows * (stride + 4 * number) }
}
