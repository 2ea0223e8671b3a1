internal import CZlib

/// Checksums of stored vectors: the CRC-32 (RFC 1952, section 8) of a vector's bytes, begun with its row's number, so
/// that a vector in another's place is as wrong as another vector.
package enum RowChecksum {
    /// Bytes of one.
    package static let byteCount = 4

    /// Writes the checksum of the vector in `range` of `bytes`, which is that of `row`, to byte `offset`.
    package static func write(
        of range: Range<Int>, row: UInt32, to bytes: inout MutableRawSpan, at offset: Int
    ) {
        let sum = compute(bytes.bytes.extracting(range), row: row)
        bytes.storeBytes(of: sum, toByteOffset: offset, as: UInt32.self)
    }

    /// Whether the vector in `range` of `bytes`, as that of `row`, has the checksum at byte `offset`.
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
