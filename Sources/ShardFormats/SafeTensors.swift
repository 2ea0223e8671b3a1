/// The .safetensors format: a JSON header and tensors.
///
/// Numbers are little-endian, tensors are row-major.
package enum SafeTensors {
    /// Reads the vectors and, if `withIDs` is true, the ids.
    ///
    /// The vectors are the tensor `embeddings`; if there is none, the only tensor besides `ids`. It has the type F16,
    /// BF16, F32 or F64 and two dimensions, or one dimension if it is one vector. The ids are the tensor `ids` of an
    /// integer type, in one row or column; integers become decimal text.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size of the file in bytes. The matrix takes at most twice the size of the file (if
    ///     its numbers are F16 or BF16).
    ///   - withIDs: whether to read the ids.
    /// - Throws: `too_large`, `not_a_shard`, `bad_header`, `truncated`, `trailing_bytes`, `bad_shape`,
    ///   `unsupported_dtype`, `missing_array`, `ambiguous_array`, `no_rows`, `no_dimension`, and for the ids
    ///   `ids_bad_type`, `ids_too_few`, `ids_too_many`.
    package static func read(_ bytes: Span<UInt8>, maximumBytes: Int = .max, withIDs: Bool = true) throws(ShardError)
        -> ShardContents
    {
        guard bytes.count <= maximumBytes else { throw .tooLarge(byteCount: bytes.count, limit: maximumBytes) }
        let header = try SafeTensorsHeader(bytes)
        try ArrayShape.checkSize(bytes.count, expected: header.fileByteCount)
        let data = bytes.extracting(header.dataOffset..<bytes.count)

        let tensor = try matrixTensor(of: header)
        guard let format = tensor.floatFormat else { throw .unsupportedDtype(tensor: tensor.dtype) }
        let (rows, dimension) = try ArrayShape.matrix(tensor.shape)
        try ArrayShape.checkRows(rows, maximumBytes: maximumBytes)
        let matrix = FloatDecoder(format: format).matrix(
            data.extracting(tensor.range), rows: rows, dimension: dimension, isFortranOrder: false)

        guard withIDs, let ids = header.ids else { return ShardContents(matrix: matrix, ids: nil) }
        guard let idFormat = ids.integerFormat else { throw .badIDType(tensor: ids.dtype) }
        guard let count = ArrayShape.idCount(ids.shape) else { throw .badIDShape(ids.shape) }
        if let error = ShardError.wrongIDCount(count, rows: rows) { throw error }
        return ShardContents(matrix: matrix, ids: idFormat.decimals(data.extracting(ids.range)))
    }

    private static func matrixTensor(of header: SafeTensorsHeader) throws(ShardError) -> SafeTensorsHeader.Tensor {
        if let tensor = header.embeddings { return tensor }
        guard let tensor = header.other else { throw .missingArray }
        guard header.otherCount == 1 else { throw .ambiguousArray(count: header.otherCount) }
        return tensor
    }
}
