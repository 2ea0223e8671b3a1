/// The .npz format of numpy: a zip archive of .npy files, uncompressed or compressed with deflate.
package enum NPZ {
    private static let matrixName = "embeddings.npy"
    private static let idsName = "ids.npy"

    /// Reads the vectors and, if `withIDs` is true, the ids.
    ///
    /// The vectors are the member `embeddings.npy`; if there is none, the only member besides `ids.npy`. The ids are
    /// the member `ids.npy`, an array of integers (which become decimal text) or fixed-width text, see ``IDArray``.
    /// Checksums are verified. Arrays of Python objects are rejected without reading them.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size in bytes of the file, and of each decompressed member that is read.
    ///   - withIDs: whether to read the ids.
    ///   - v2Elements: how vectors of the type V2 are read.
    /// - Throws: `too_large`, `not_a_shard`, `truncated`, `trailing_bytes`, `bad_archive`, `unsupported_compression`,
    ///   `missing_array`, `ambiguous_array`, the errors of ``NPY/read(_:maximumBytes:v2Elements:)-(Span<UInt8>,_,_)``
    ///   for the vectors, and for the ids `ids_bad_type`, `ids_too_few`, `ids_too_many`, `ids_not_utf8`, `id_too_long`.
    package static func read(
        _ bytes: Span<UInt8>, maximumBytes: Int = .max, withIDs: Bool = true, v2Elements: V2Elements = .reject
    ) throws(ShardError) -> ShardContents {
        guard bytes.count <= maximumBytes else { throw .tooLarge(byteCount: bytes.count, limit: maximumBytes) }
        let members = try ZipDirectory(bytes).members
        let matrixMember = try matrixMember(of: members)
        let matrix = try located(in: matrixMember.name) { () throws(ShardError) in
            try matrixMember.withContents(of: bytes, maximumBytes: maximumBytes) { contents throws(ShardError) in
                try NPY.read(contents, maximumBytes: maximumBytes, v2Elements: v2Elements)
            }
        }
        guard withIDs, let idsMember = members.first(where: { $0.name == idsName }) else {
            return ShardContents(matrix: matrix, ids: nil)
        }
        let ids = try located(in: idsName) { () throws(ShardError) in
            try idsMember.withContents(of: bytes, maximumBytes: maximumBytes) { contents throws(ShardError) in
                try IDArray.read(contents, rows: matrix.rows)
            }
        }
        return ShardContents(matrix: matrix, ids: ids)
    }

    private static func matrixMember(of members: [ZipMember]) throws(ShardError) -> ZipMember {
        if let member = members.first(where: { $0.name == matrixName }) { return member }
        let candidates = members.filter { $0.name != idsName }
        guard let member = candidates.first else { throw .missingArray }
        guard candidates.count == 1 else { throw .ambiguousArray(count: candidates.count) }
        return member
    }

    private static func located<R>(in name: String, _ body: () throws(ShardError) -> R) throws(ShardError) -> R {
        do throws(ShardError) {
            return try body()
        } catch {
            throw error.located(in: Excerpt.quote(name))
        }
    }
}
