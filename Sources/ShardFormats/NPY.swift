/// The .npy format of numpy: one array after a header.
package enum NPY {
    /// Reads vectors: a two-dimensional array of float16, float32 or float64, of either byte order and memory order.
    ///
    /// Memory is allocated only after header and size agree. The numbers can have NaN and infinities; see
    /// ``Matrix/nonFiniteRows(limit:)``.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the most bytes of a file; the matrix takes at most twice as many (from float16).
    /// - Throws: `too_large`, `not_a_shard`, `unsupported_version`, `bad_header`, `truncated`, `trailing_bytes`,
    ///   `bad_shape`, `unsupported_dtype`, `no_rows`, `no_dimension`.
    package static func read(_ bytes: Span<UInt8>, maximumBytes: Int = .max) throws(ShardError) -> Matrix {
        try read(bytes, maximumBytes: maximumBytes, mayBeOneRow: false)
    }

    /// Reads vectors from an array of bytes; see ``read(_:maximumBytes:)-(Span<UInt8>,_)``.
    package static func read(_ bytes: [UInt8], maximumBytes: Int = .max) throws(ShardError) -> Matrix {
        try read(bytes.span, maximumBytes: maximumBytes)
    }

    /// Reads queries: like ``read(_:maximumBytes:)-(Span<UInt8>,_)``, but an array of one dimension is one query.
    package static func readQueries(_ bytes: [UInt8], maximumBytes: Int = .max) throws(ShardError) -> Matrix {
        try read(bytes.span, maximumBytes: maximumBytes, mayBeOneRow: true)
    }

    private static func read(_ bytes: Span<UInt8>, maximumBytes: Int, mayBeOneRow: Bool) throws(ShardError) -> Matrix {
        guard bytes.count <= maximumBytes else { throw .tooLarge(byteCount: bytes.count, limit: maximumBytes) }
        let header = try NPYHeader(bytes)
        guard case .float(let format) = header.element else { throw .unsupportedDtype(header.element.name) }
        let (rows, dimension) = try ArrayShape.matrix(header.shape, mayBeOneRow: mayBeOneRow)
        try ArrayShape.checkSize(bytes.count, expected: try header.fileByteCount())
        try ArrayShape.checkRows(rows, maximumBytes: maximumBytes)
        return FloatDecoder(format: format).matrix(
            bytes.extracting(header.dataOffset..<bytes.count), rows: rows, dimension: dimension,
            isFortranOrder: header.isFortranOrder)
    }
}
