/// The arrays of a whole .npz file, by name: one that ``NPZFile`` or `numpy.savez` wrote.
package struct NPZContents: Sendable {
    private let bytes: [UInt8]
    private let maximumBytes: Int
    private let members: [String: ZipMember]

    /// Reads the directory of the file.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size in bytes of each decompressed array that is read.
    /// - Throws: `not_a_shard`, `truncated`, `trailing_bytes`, `bad_archive`.
    package init(_ bytes: [UInt8], maximumBytes: Int = .max) throws(ShardError) {
        self.bytes = bytes
        self.maximumBytes = maximumBytes
        let members = try ZipDirectory(bytes.span).members
        self.members = Dictionary(members.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The elements of an array of float32 in C order, as little-endian bytes.
    ///
    /// - Returns: the shape of the array and the bytes; `nil` if there is no array with the name.
    /// - Throws: `bad_archive` and the errors of ``NPYHeader/init(_:)``; `unsupported_dtype` for another type or order.
    package func float32(_ name: String) throws(ShardError) -> (shape: [Int], bytes: [UInt8])? {
        try read(name) { (header, data) throws(ShardError) in
            guard case .float(let format) = header.element, format.byteCount == 4, !format.isBigEndian,
                !header.isFortranOrder
            else { throw .unsupportedDtype(header.element) }
            return (header.shape, data.copy(0..<data.count) ?? [])
        }
    }

    /// The elements of an array of text; `nil` if there is no array with the name.
    ///
    /// - Throws: `bad_archive` and the errors of ``NPYHeader/init(_:)``; `ids_bad_type`, `ids_not_utf8`.
    package func texts(_ name: String) throws(ShardError) -> [String]? {
        try read(name) { (header, data) throws(ShardError) in
            guard case .text(let characters, let isBigEndian) = header.element else {
                throw .badIDType(header.element)
            }
            return try IDArray.text(
                data, rows: header.shape.reduce(1, *), characters: characters, isBigEndian: isBigEndian)
        }
    }

    /// The number in an array of uint64 without dimensions; `nil` if there is no array with the name.
    ///
    /// - Throws: `bad_archive` and the errors of ``NPYHeader/init(_:)``; `unsupported_dtype` for another type.
    package func number(_ name: String) throws(ShardError) -> UInt64? {
        try read(name) { (header, data) throws(ShardError) in
            guard data.count == 8, let number: UInt64 = data.integer(at: 0) else {
                throw .unsupportedDtype(header.element)
            }
            return number
        }
    }

    /// Calls `body` with the header and the elements of an array; returns `nil` if there is no array with the name.
    ///
    /// - Throws: `bad_archive`, `unsupported_compression`, `too_large`, `truncated`, `trailing_bytes`, the errors of
    ///   ``NPYHeader/init(_:)``, and what `body` throws.
    func read<R>(
        _ name: String, _ body: (NPYHeader, Span<UInt8>) throws(ShardError) -> R
    ) throws(ShardError) -> R? {
        guard let member = members["\(name).npy"] else { return nil }
        return try member.withContents(of: bytes.span, maximumBytes: maximumBytes) { contents throws(ShardError) in
            let header = try NPYHeader(contents)
            try ArrayShape.checkSize(contents.count, expected: try header.fileByteCount())
            return try body(header, contents.extracting(header.dataOffset..<contents.count))
        }
    }
}
