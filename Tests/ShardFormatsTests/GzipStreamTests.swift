import ShardFormats
import Testing

/// Streams of gzip that arrive in parts.
@Suite struct GzipStreamTests {
    /// `hello` as Python's gzip.compress writes it.
    private static let hello: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
        0xa6,
        0x10, 0x36, 0x05, 0x00, 0x00, 0x00,
    ]

    private static func decompress(_ bytes: [UInt8], partSize: Int) throws -> (text: String, isComplete: Bool) {
        let gzip = GzipStream()
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: partSize) {
            try gzip.decompress(Array(bytes[start..<min(start + partSize, bytes.count)])) { output += $0 }
        }
        return (String(decoding: output, as: UTF8.self), gzip.isComplete)
    }

    @Test(arguments: [1, 3, 1000]) func partsOfAnySizeAreRead(partSize: Int) throws {
        #expect(try Self.decompress(Self.hello, partSize: partSize) == ("hello", true))
        #expect(try Self.decompress(Self.hello + Self.hello, partSize: partSize) == ("hellohello", true))
    }

    @Test(arguments: 0..<25) func aStreamThatIsCutIsNotComplete(count: Int) throws {
        #expect(try !Self.decompress(Array(Self.hello.prefix(count)), partSize: 7).isComplete)
        guard count > 0 else { return }
        #expect(try !Self.decompress(Self.hello + Self.hello.prefix(count), partSize: 7).isComplete)
    }

    /// Bytes of the head, the data, the checksum and the length; time and system (bytes 4 to 9) can have any value.
    @Test(arguments: [0, 2, 3, 10, 17, 18, 21, 24]) func aChangedByteIsNoticed(place: Int) {
        var bytes = Self.hello
        bytes[place] ^= 0xE7
        // Some changes make the stream longer, so that it seems to be cut.
        let read = try? Self.decompress(bytes, partSize: 1000)
        #expect(read?.isComplete != true)
    }

    @Test func whatFollowsAStreamMustBeOne() {
        #expect(throws: GzipStream.Damaged.self) { try Self.decompress(Self.hello + [0, 0], partSize: 1000) }
    }

    @Test func aPartCanHoldManySlices() throws {
        let stored = Self.storedZeros(200_000)
        let gzip = GzipStream()
        var sizes: [Int] = []
        try gzip.decompress(stored) { sizes.append($0.count) }
        #expect(sizes.reduce(0, +) == 200_000 && sizes.count > 1 && gzip.isComplete)
    }

    @Test func theErrorOfTheReceiverEndsTheWork() {
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try GzipStream().decompress(Self.storedZeros(200_000)) { _ in throw Enough() }
        }
    }

    /// A gzip member of zeros in blocks that are stored as they are (RFC 1951, section 3.2.4).
    private static func storedZeros(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        var rest = count
        while rest > 0 {
            let size = min(rest, 65_535)
            rest -= size
            let length = [UInt8(size & 0xff), UInt8(size >> 8)]
            bytes += [rest == 0 ? 1 : 0] + length + length.map { ~$0 } + [UInt8](repeating: 0, count: size)
        }
        for number in [crc32(ofZeros: count), UInt32(count)] {
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
        }
        return bytes
    }

    /// CRC-32 as RFC 1952, section 8 has it.
    private static func crc32(ofZeros count: Int) -> UInt32 {
        var crc = ~UInt32(0)
        for _ in 0..<8 * count { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        return ~crc
    }
}
