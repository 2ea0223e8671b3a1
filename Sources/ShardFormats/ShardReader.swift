/// Reads and checks shards, given the bytes of their files.
package enum ShardReader {
    /// Reads and checks a shard.
    ///
    /// The ids are the lines of the sidecar. Without a sidecar they are the array `ids` of the file. If there is none
    /// either, they are "NAME:ROW", with the file name without its extension and the rows counted from 0.
    ///
    /// - Parameters:
    ///   - fileName: the file name; its extension determines the format.
    ///   - bytes: the whole file.
    ///   - ids: the whole sidecar, or `nil` if there is none.
    ///   - maximumBytes: the maximum size in bytes of the file, of the sidecar, and of each array in the file. It also
    ///     limits the memory that reading takes besides `bytes`, to a small multiple of `maximumBytes`.
    ///   - dimension: the required dimension of the vectors; `nil` for any dimension.
    ///   - v2Elements: how vectors of the type V2 in .npy and .npz files are read.
    /// - Throws: any code except `unreadable`, `not_regular_file`, `zero_vector` and `norm_too_large`.
    package static func read(
        fileName: String, bytes: [UInt8], ids: [UInt8]?, maximumBytes: Int, dimension: Int? = nil,
        v2Elements: V2Elements = .reject
    ) throws(ShardError) -> Shard {
        guard let format = ShardFormat(fileName: fileName), let name = format.stem(of: fileName) else {
            throw .unknownExtension(fileName)
        }
        let contents = try contents(
            format, bytes.span, maximumBytes: maximumBytes, withIDs: ids == nil, v2Elements: v2Elements)
        if let dimension, dimension != contents.matrix.dimension {
            throw .wrongDimension(found: contents.matrix.dimension, expected: dimension)
        }
        return try shard(name, contents, ids: ids, maximumBytes: maximumBytes)
    }

    /// Checks a shard whose matrix the caller has read with ``RowMajorNPY``.
    ///
    /// - Parameters:
    ///   - fileName: the file name.
    ///   - matrix: the vectors.
    ///   - ids: the whole sidecar, or `nil` if there is none.
    ///   - maximumBytes: the maximum size of the sidecar in bytes.
    /// - Throws: `not_a_shard` if the extension is unknown, `not_finite`, `too_large`, and the codes about ids.
    package static func read(
        fileName: String, matrix: consuming Matrix, ids: [UInt8]?, maximumBytes: Int
    ) throws(ShardError) -> Shard {
        guard let name = ShardFormat(fileName: fileName)?.stem(of: fileName) else { throw .unknownExtension(fileName) }
        return try shard(name, ShardContents(matrix: matrix, ids: nil), ids: ids, maximumBytes: maximumBytes)
    }

    /// Reads and checks the ids of a shard in .npy format, without its vectors.
    ///
    /// - Parameters:
    ///   - fileName: the file name.
    ///   - rows: the number of rows in the shard.
    ///   - ids: the whole sidecar, or `nil` if there is none.
    ///   - maximumBytes: the maximum size of the sidecar in bytes.
    /// - Throws: `not_a_shard` if the extension is unknown, `too_large`, and the codes about ids.
    package static func ids(
        fileName: String, rows: Int, ids: [UInt8]?, maximumBytes: Int
    ) throws(ShardError) -> [String] {
        guard let name = ShardFormat(fileName: fileName)?.stem(of: fileName) else { throw .unknownExtension(fileName) }
        return try list(ids, inShard: nil, rows: rows, name: name, maximumBytes: maximumBytes)
    }

    /// Checks the numbers and ids of a shard.
    private static func shard(
        _ name: String, _ contents: consuming ShardContents, ids: [UInt8]?, maximumBytes: Int
    ) throws(ShardError) -> Shard {
        let matrix = contents.matrix
        let nonFinite = matrix.nonFiniteRows()
        guard nonFinite.isEmpty else { throw .notFinite(rows: nonFinite) }
        let list = try list(ids, inShard: contents.ids, rows: matrix.rows, name: name, maximumBytes: maximumBytes)
        return Shard(name: name, matrix: matrix, ids: list)
    }

    private static func contents(
        _ format: ShardFormat, _ bytes: Span<UInt8>, maximumBytes: Int, withIDs: Bool, v2Elements: V2Elements
    ) throws(ShardError) -> ShardContents {
        switch format {
        case .npy:
            ShardContents(
                matrix: try NPY.read(bytes, maximumBytes: maximumBytes, v2Elements: v2Elements), ids: nil)
        case .npz:
            try NPZ.read(bytes, maximumBytes: maximumBytes, withIDs: withIDs, v2Elements: v2Elements)
        case .safetensors: try SafeTensors.read(bytes, maximumBytes: maximumBytes, withIDs: withIDs)
        }
    }

    /// The ids of the sidecar, else those in the shard's file, else the default ids.
    private static func list(
        _ sidecar: [UInt8]?, inShard idsInShard: [String]?, rows: Int, name: String, maximumBytes: Int
    ) throws(ShardError) -> [String] {
        let ids: [String]
        if let sidecar {
            guard sidecar.count <= maximumBytes else { throw .tooLarge(byteCount: sidecar.count, limit: maximumBytes) }
            ids = try IDList.parse(sidecar, rows: rows)
        } else if let idsInShard {
            ids = idsInShard
        } else {
            return try defaultIDs(name: name, rows: rows)
        }
        try IDList.validate(ids, rows: rows)
        return ids
    }

    private static func defaultIDs(name: String, rows: Int) throws(ShardError) -> [String] {
        let ids = (0..<rows).map { "\(name):\($0)" }
        // Default ids are all different, and the last is the longest.
        if let last = ids.last, last.utf8.count > IDList.maximumByteCount { throw .tooLongIDs(rows: [rows - 1]) }
        return ids
    }
}
