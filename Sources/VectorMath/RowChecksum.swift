internal import CZlib

/// Checksums of stored vectors.
///
/// A checksum is zlib's CRC-32 (RFC 1952, section 8) of a vector's bytes, with the row instead of 0 as its initial
/// value, so that it does not match the same vector in another row.
package enum RowChecksum {
    /// The size of a checksum in bytes.
    package static let byteCount = 4

    /// Computes the checksum of a row's vector and writes it to `bytes`.
    ///
    /// - Parameters:
    ///   - range: the bytes of the vector.
    ///   - row: the row of the vector.
    ///   - bytes: holds the vector, and receives the checksum.
    ///   - offset: the position of the checksum in `bytes`.
    package static func write(
        of range: Range<Int>, row: UInt32, to bytes: inout MutableRawSpan, at offset: Int
    ) {
        let sum = compute(bytes.bytes.extracting(range), row: row)
        bytes.storeBytes(of: sum, toByteOffset: offset, as: UInt32.self)
    }

    /// Whether the checksum of a row's vector is right.
    ///
    /// - Parameters:
    ///   - range: the bytes of the vector.
    ///   - row: the row of the vector.
    ///   - bytes: holds the vector and the checksum.
    ///   - offset: the position of the checksum in `bytes`.
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
