/// The heaps of the images of a shard, computed by another program: the file `NAME.heaps.npz`.
///
/// The heap of an image is the list of the references that are most similar to it, in descending order.
///
/// | array | type | content |
/// |---|---|---|
/// | `references` | uint32, images x width | positions in `reference_ids` |
/// | `similarities` | float32, images x width | the similarities to these references, falling in each row |
/// | `reference_ids` | NumPy `U` or `S` | ids of references, all different (not checked here) |
/// | `reference_count` | an integer of 64 bits | the number of all references that the heaps were computed from |
/// | `reference_checksum` | float64, dimension | the sum over these references of ``weight(ofReference:)`` x vector |
package struct HeapFile: Sendable, Equatable {
    /// The number of images.
    package let images: Int
    /// The number of references in each heap.
    package let width: Int
    /// Positions in ``referenceIDs``, images x width.
    package let references: [UInt32]
    /// The similarities to these references, images x width, finite and falling in each row.
    package let similarities: [Float]
    /// The ids of references that occur in the heaps.
    package let referenceIDs: [String]
    /// The number of references that the heaps were computed from.
    package let referenceCount: Int
    /// The checksum of these references.
    package let referenceChecksum: [Double]

    /// Creates heaps without checks.
    package init(
        images: Int, width: Int, references: [UInt32], similarities: [Float], referenceIDs: [String],
        referenceCount: Int, referenceChecksum: [Double]
    ) {
        self.images = images
        self.width = width
        self.references = references
        self.similarities = similarities
        self.referenceIDs = referenceIDs
        self.referenceCount = referenceCount
        self.referenceChecksum = referenceChecksum
    }

    /// The weight of a reference in ``referenceChecksum``: its magnitude is at least 1 and less than 2.
    ///
    /// With the CRC-32 of the id's UTF-8 bytes as c, it is 1 + (c mod 2^31) / 2^31, and negative if c >= 2^31.
    package static func weight(ofReference id: RawSpan) -> Double {
        let checksum = Inflater.checksum(id)
        let magnitude = 1 + Double(checksum & 0x7fff_ffff) / 0x1p31
        return checksum >> 31 == 0 ? magnitude : -magnitude
    }

    /// Reads and checks a file.
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - maximumBytes: the maximum size in bytes of each decompressed array.
    /// - Throws: `heaps_malformed`; `not_a_shard`, `truncated`, `trailing_bytes`, `bad_archive`,
    ///   `unsupported_compression`, `too_large`, and the errors of an .npy header; `ids_bad_type`, `ids_not_utf8`,
    ///   `id_too_long`.
    package static func read(_ bytes: [UInt8], maximumBytes: Int) throws(ShardError) -> HeapFile {
        let arrays = try HeapArrays(NPZContents(bytes, maximumBytes: maximumBytes))
        let (references, similarities) = (try arrays.references(), try arrays.similarities())
        guard references.shape == similarities.shape, references.shape.count == 2 else {
            throw .malformedHeaps(
                "The arrays references and similarities must have the same shape, a row for each image.")
        }
        let file = HeapFile(
            images: references.shape[0], width: references.shape[1], references: references.values,
            similarities: similarities.values, referenceIDs: try arrays.ids(), referenceCount: try arrays.count(),
            referenceChecksum: try arrays.checksum())
        try file.check()
        return file
    }

    private func check() throws(ShardError) {
        guard width <= referenceCount else {
            throw .malformedHeaps("The heaps have \(width) references each, and there are only \(referenceCount).")
        }
        guard referenceIDs.allSatisfy({ (1...IDList.maximumByteCount).contains($0.utf8.count) }) else {
            throw .malformedHeaps("An id in reference_ids is empty, or has more than \(IDList.maximumByteCount) bytes.")
        }
        let end = UInt32(clamping: referenceIDs.count)
        guard references.allSatisfy({ $0 < end }) else {
            throw .malformedHeaps("The array references has a position that is not in reference_ids.")
        }
        for image in 0..<(width == 0 ? 0 : images) {
            var last = Float.greatestFiniteMagnitude
            for similarity in similarities[image * width..<(image + 1) * width] {
                // False also for NaN.
                guard similarity <= last, similarity >= -Float.greatestFiniteMagnitude else {
                    throw .malformedHeaps("The similarities of row \(image) are not finite, or do not fall.")
                }
                last = similarity
            }
        }
    }
}

/// Reads the arrays of a ``HeapFile``.
private struct HeapArrays {
    private let contents: NPZContents

    init(_ contents: NPZContents) {
        self.contents = contents
    }

    func references() throws(ShardError) -> (shape: [Int], values: [UInt32]) {
        try read("references") { (header, data) throws(ShardError) in
            guard case .integer(let format) = header.element, format.byteCount == 4, !format.isBigEndian,
                !header.isFortranOrder
            else { throw Self.wrongType("references", "uint32") }
            // The decoder of floats copies bits unchanged, so that it can read uint32 too.
            let bits = Self.floats(data)
            return (header.shape, bits.map(\.bitPattern))
        }
    }

    func similarities() throws(ShardError) -> (shape: [Int], values: [Float]) {
        try read("similarities") { (header, data) throws(ShardError) in
            guard case .float(let format) = header.element, format.isNative, !header.isFortranOrder else {
                throw Self.wrongType("similarities", "float32")
            }
            return (header.shape, Self.floats(data))
        }
    }

    func ids() throws(ShardError) -> [String] {
        try read("reference_ids") { (header, data) throws(ShardError) in
            // With elements of 0 bytes, a header could claim any number of ids without data.
            guard header.shape.count == 1, data.count > 0 || header.shape[0] == 0 else {
                throw Self.wrongType("reference_ids", "text")
            }
            return try IDArray.read(header, data, rows: header.shape[0])
        }
    }

    func count() throws(ShardError) -> Int {
        try read("reference_count") { (header, data) throws(ShardError) in
            guard case .integer(let format) = header.element, format.byteCount == 8, !format.isBigEndian,
                let number: UInt64 = data.count == 8 ? data.integer(at: 0) : nil, number <= UInt32.max
            else { throw Self.wrongType("reference_count", "uint64") }
            return Int(number)
        }
    }

    func checksum() throws(ShardError) -> [Double] {
        try read("reference_checksum") { (header, data) throws(ShardError) in
            guard case .float(let format) = header.element, format.width == .double, !format.isBigEndian,
                header.shape.count == 1
            else { throw Self.wrongType("reference_checksum", "float64") }
            return (0..<header.shape[0]).map { Double(bitPattern: data.integer(at: 8 * $0) ?? 0) }
        }
    }

    private static func wrongType(_ name: String, _ type: String) -> ShardError {
        .malformedHeaps("The array \(name) must have elements of the type \(type), in little-endian C order.")
    }

    private static func floats(_ data: Span<UInt8>) -> [Float] {
        FloatDecoder(format: FloatFormat(width: .single, isBigEndian: false))
            .matrix(data, rows: 1, dimension: data.count / 4, isFortranOrder: false).values
    }

    private func read<R>(
        _ name: String, _ body: (NPYHeader, Span<UInt8>) throws(ShardError) -> R
    ) throws(ShardError) -> R {
        guard let found = try contents.read(name, body) else {
            throw .malformedHeaps("There is no array \(name).")
        }
        return found
    }
}
