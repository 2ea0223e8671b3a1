/// The .npy format of numpy: a header and one array.
package enum NPY {
    /// Reads vectors: an array of float16, float32 or float64, of either byte order and memory order.
    ///
    /// The array has a row for each vector, or is one-dimensional and one vector. The size of the file is compared with
    /// the header before memory is allocated. NaN and infinities are accepted; see ``Matrix/nonFiniteRows(limit:)``.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size of the file in bytes. The matrix takes at most twice the size of the file (if
    ///     its numbers have two bytes).
    ///   - v2Elements: how elements of the type V2 are read.
    /// - Throws: `too_large`, `not_a_shard`, `unsupported_version`, `bad_header`, `truncated`, `trailing_bytes`,
    ///   `bad_shape`, `unsupported_dtype`, `no_rows`, `no_dimension`.
    package static func read(
        _ bytes: Span<UInt8>, maximumBytes: Int = .max, v2Elements: V2Elements = .reject
    ) throws(ShardError) -> Matrix {
        guard bytes.count <= maximumBytes else { throw .tooLarge(byteCount: bytes.count, limit: maximumBytes) }
        let header = try NPYHeader(bytes)
        guard let format = header.element.floatFormat(v2Elements: v2Elements) else {
            throw .unsupportedDtype(header.element)
        }
        let (rows, dimension) = try ArrayShape.matrix(header.shape)
        try ArrayShape.checkSize(bytes.count, expected: try header.fileByteCount())
        try ArrayShape.checkRows(rows, maximumBytes: maximumBytes)
        return FloatDecoder(format: format).matrix(
            bytes.extracting(header.dataOffset..<bytes.count), rows: rows, dimension: dimension,
            isFortranOrder: header.isFortranOrder)
    }

    /// Reads vectors from an array of bytes, like ``read(_:maximumBytes:v2Elements:)-(Span<UInt8>,_,_)``.
    package static func read(
        _ bytes: [UInt8], maximumBytes: Int = .max, v2Elements: V2Elements = .reject
    ) throws(ShardError) -> Matrix {
        try read(bytes.span, maximumBytes: maximumBytes, v2Elements: v2Elements)
    }
}
