import Testing
import VectorMath

/// Checksums of vectors, compared with the published check value of CRC-32 for the digits 1 to 9.
struct RowChecksumTests {
    private static let digits: [UInt8] = Array("123456789".utf8)

    /// The bytes 0xAA, the digits, and their checksum for a row.
    private func bytesWithChecksum(row: UInt32) -> [UInt8] {
        var bytes = [0xAA] + Self.digits + [0, 0, 0, 0]
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        RowChecksum.write(of: 1..<10, row: row, to: &raw, at: 10)
        return bytes
    }

    private func holds(_ bytes: [UInt8], row: UInt32) -> Bool {
        RowChecksum.holds(for: 1..<10, row: row, in: unsafe bytes.span.bytes, at: 10)
    }

    @Test func rowZeroHasThePlainCRC32() {
        #expect(bytesWithChecksum(row: 0) == [0xAA] + Self.digits + [0x26, 0x39, 0xF4, 0xCB])
    }

    @Test(arguments: [0, 7, UInt32.max])
    func matchesOnlyItsRowAndBytes(row: UInt32) {
        let bytes = bytesWithChecksum(row: row)
        #expect(holds(bytes, row: row))
        #expect(!holds(bytes, row: row ^ 1))
        for bit in 8..<(14 * 8) {
            var other = bytes
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!holds(other, row: row), "bit \(bit)")
        }
    }
}
