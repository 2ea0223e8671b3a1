internal import CZlib

/// Checksums of stored vectors.
///
/// A checksum is the CRC-32 (RFC 1952, section 8) of a vector's bytes with the row's number as the start value, so that
/// it doesn't match the vector of another row.
package enum RowChecksum {
    /// The bytes of a checksum.
    package static let byteCount = 4

    /// Writes the checksum of the vector of `row`, in `range` of `bytes`, to byte `offset`.
    package static func write(
        of range: Range<Int>, row: UInt32, to bytes: inout MutableRawSpan, at offset: Int
    ) {
        let sum = compute(bytes.bytes.extracting(range), row: row)
        bytes.storeBytes(of: sum, toByteOffset: offset, as: UInt32.self)
    }

    /// Whether the checksum at byte `offset` matches the vector of `row`, in `range` of `bytes`.
    package static func holds(for range: Range<Int>, row: UInt32, in bytes: RawSpan, at offset: Int) -> Bool {
        let sum = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return sum == compute(bytes.extracting(range), row: row)
    }

    private static func compute(_ vector: RawSpan, row: UInt32) -> UInt32 {
        unsafe vector.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return UInt32(truncatingIfNeeded: unsafe crc32_z(uLong(row), start, z_size_t(buffer.count)))
        }
    }
}
