/// How a block of rows lies in its coded form, by which a scan excludes most rows.
///
/// A code is one signed byte per number, padded with zeros to whole steps of 64. Behind the codes of a block stand three
/// columns of floats: the scale of each row, the length of what its code loses, and its own length.
///
///     [0 ..< pad]                                  unused, so that codes lie on cache lines
///     [pad ..< pad + rows x stride]                codes
///     then rows x 4 bytes each                     scales, residuals, norms
package struct CodeLayout: Sendable {
    package let rows: Int
    package let dimension: Int
    /// Bytes from one code to the next.
    package let stride: Int

    /// - Parameters:
    ///   - rows: rows per block.
    ///   - dimension: numbers per vector.
    package init(rows: Int, dimension: Int) {
        self.rows = rows
        self.dimension = dimension
        stride = (dimension + 63) / 64 * 64
    }

    /// Bytes of a block.
    package var byteCount: Int { CacheLine.pad + rows * (stride + 12) }

    /// Where the code of a row begins.
    func code(_ row: Int) -> Int { CacheLine.pad + row * stride }

    /// Where a column begins: 0 for the scales, 1 for the residuals, 2 for the norms.
    func column(_ number: Int) -> Int { CacheLine.pad + rows * (stride + 4 * number) }
}
