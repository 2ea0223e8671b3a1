/// The .safetensors format: a JSON header and tensors.
///
/// Numbers are little-endian, tensors are row-major.
package enum SafeTensors {
    private static let matrixName = "embeddings"
    private static let idsName = "ids"

    /// Reads the vectors and, if `withIDs` is true, the ids.
    ///
    /// The vectors are the tensor `embeddings`; if there is none, the only tensor besides `ids`. It must have two
    /// dimensions and the type F16, F32 or F64. The ids are the tensor `ids`, which must have one dimension and an
    /// integer type; integers become decimal text.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size of the file in bytes. The matrix takes at most twice the size of the file (if
    ///     its numbers are F16).
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

        let tensor = try matrixTensor(of: header.tensors)
        guard let format = tensor.floatFormat else {
            throw .unsupportedDtype("elements of type \(Excerpt.quote(tensor.dtype))")
        }
        let (rows, dimension) = try ArrayShape.matrix(tensor.shape)
        try ArrayShape.checkRows(rows, maximumBytes: maximumBytes)
        let matrix = FloatDecoder(format: format).matrix(
            data.extracting(try tensor.range()), rows: rows, dimension: dimension, isFortranOrder: false)

        guard withIDs, let idsTensor = header.tensors[idsName] else { return ShardContents(matrix: matrix, ids: nil) }
        guard let idFormat = idsTensor.integerFormat else {
            throw .badIDType("elements of type \(Excerpt.quote(idsTensor.dtype))")
        }
        guard idsTensor.shape.count == 1 else { throw .badIDType("a tensor of \(idsTensor.shape.count) dimensions") }
        if let error = ShardError.wrongIDCount(idsTensor.shape[0], rows: rows) { throw error }
        return ShardContents(matrix: matrix, ids: idFormat.decimals(data.extracting(try idsTensor.range())))
    }

    private static func matrixTensor(of tensors: [String: SafeTensorsHeader.Tensor]) throws(ShardError)
        -> SafeTensorsHeader.Tensor
    {
        if let tensor = tensors[matrixName] { return tensor }
        let candidates = tensors.filter { $0.key != idsName }
        guard let tensor = candidates.first?.value else { throw .missingArray }
        guard candidates.count == 1 else { throw .ambiguousArray(count: candidates.count) }
        return tensor
    }
}
