extension CodeRotation {
    /// The version of the stored form.
    ///
    /// A change of how R is computed needs a new version.
    private static let version: UInt32 = 1
    private static let headerByteCount = 16

    /// The rotation in stored form.
    ///
    /// All numbers are little-endian:
    ///
    ///     [0 ..< 4]      version of the form
    ///     [4 ..< 8]      dimension
    ///     [8 ..< 16]     seed of the signs
    ///     then           the reflectors, leadingCount x dimension floats
    ///     last 4 bytes   checksum of all bytes before, see ``RowChecksum``
    package var encoded: [UInt8] {
        let end = Self.headerByteCount + 4 * reflectors.count
        var bytes = [UInt8](repeating: 0, count: end + RowChecksum.byteCount)
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        raw.storeBytes(of: Self.version.littleEndian, toByteOffset: 0, as: UInt32.self)
        raw.storeBytes(of: UInt32(dimension).littleEndian, toByteOffset: 4, as: UInt32.self)
        raw.storeBytes(of: seed.littleEndian, toByteOffset: 8, as: UInt64.self)
        for (index, value) in reflectors.enumerated() {
            raw.storeBytes(
                of: value.bitPattern.littleEndian, toByteOffset: Self.headerByteCount + 4 * index, as: UInt32.self)
        }
        RowChecksum.write(of: 0..<end, row: 0, to: &raw, at: end)
        return bytes
    }

    /// Reads a rotation from its stored form.
    ///
    /// - Parameter bytes: what ``encoded`` gave.
    /// - Returns: `nil` if the bytes are damaged or of another version.
    package init?(bytes: RawSpan) {
        let end = bytes.byteCount - RowChecksum.byteCount
        guard end >= Self.headerByteCount else { return nil }
        func integer(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let dimension = Int(integer(4))
        let count = Self.leadingCount(dimension: dimension)
        guard integer(0) == Self.version, dimension > 0, end == Self.headerByteCount + 4 * count * dimension,
            RowChecksum.holds(for: 0..<end, row: 0, in: bytes, at: end)
        else { return nil }
        let reflectors = (0..<count * dimension).map { Float(bitPattern: integer(Self.headerByteCount + 4 * $0)) }
        for index in 0..<count {
            let length = Reflectors.squaredLength(reflectors[index * dimension..<(index + 1) * dimension])
            guard Reflectors.squaredLengths.contains(length) else { return nil }
        }
        let seed = UInt64(integer(8)) | UInt64(integer(12)) << 32
        self.init(dimension: dimension, reflectors: reflectors, seed: seed)
    }
}
