import Testing
import VectorMath

/// The stored form of a rotation.
@Suite struct CodeRotationBytesTests {
    private static func rotation(_ dimension: Int) -> CodeRotation {
        var random = SplitMix64.forTest()
        let count = CodeRotation.leadingCount(dimension: dimension) * dimension
        return CodeRotation(
            dimension: dimension, directions: (0..<count).map { _ in Float.random(in: -1...1, using: &random) },
            seed: 0xfedc_ba98_7654_3210)
    }

    private static func read(_ bytes: [UInt8]) -> CodeRotation? { unsafe CodeRotation(bytes: bytes.span.bytes) }

    /// `bytes` with a right checksum.
    private static func withChecksum(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let end = bytes.count - RowChecksum.byteCount
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        RowChecksum.write(of: 0..<end, row: 0, to: &raw, at: end)
        return bytes
    }

    @Test(arguments: [1, 15, 16, 129, 512]) func aRotationIsReadBack(dimension: Int) throws {
        let rotation = Self.rotation(dimension)
        let read = try #require(Self.read(rotation.encoded))
        #expect(read.encoded == rotation.encoded)
        #expect(read.dimension == dimension && read.seed == rotation.seed)
        let vector = (0..<dimension).map { Float($0 + 1) }
        let center = [Float](repeating: 1, count: dimension)
        var results = [[Float](repeating: 0, count: dimension), [Float](repeating: 1, count: dimension)]
        rotation.apply(vector.span, center: center.span, into: &results[0])
        read.apply(vector.span, center: center.span, into: &results[1])
        #expect(results[0] == results[1])
        #expect(rotation.exact(vector, center: center) == read.exact(vector, center: center))
    }

    @Test func everyDamagedByteIsFound() {
        let bytes = Self.rotation(20).encoded
        #expect(Self.read(bytes) != nil)
        for index in bytes.indices {
            for bit in [0, 3, 7] {
                var damaged = bytes
                damaged[index] ^= 1 << bit
                #expect(Self.read(damaged) == nil, "byte \(index), bit \(bit)")
            }
        }
    }

    @Test func aWrongLengthIsFound() {
        let bytes = Self.rotation(20).encoded
        for count in [0, 1, 4, 15, 19, 20, bytes.count - 4, bytes.count - 1] {
            #expect(Self.read(Array(bytes.prefix(count))) == nil)
            if count > 4 { #expect(Self.read(Self.withChecksum(Array(bytes.prefix(count)))) == nil) }
        }
        #expect(Self.read(bytes + [0]) == nil)
        #expect(Self.read(Self.withChecksum(bytes + [0, 0, 0, 0])) == nil)
    }

    @Test func numbersThatNoRotationHasAreFound() {
        let bytes = Self.rotation(20).encoded
        #expect(Self.read(Self.withChecksum(bytes)) != nil)
        // The version, the dimension, and the first component of the first reflector, which begin at these bytes.
        let wrong: [(Int, UInt32)] = [
            (0, 0), (0, 2), (4, 0), (4, 24), (4, .max), (16, Float.nan.bitPattern), (16, Float.infinity.bitPattern),
            (16, Float(3).bitPattern), (16, Float(1e30).bitPattern),
        ]
        for (offset, value) in wrong {
            var changed = bytes
            for byte in 0..<4 { changed[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
            #expect(Self.read(Self.withChecksum(changed)) == nil, "\(value) at \(offset)")
        }
        var zero = bytes
        for byte in 16..<16 + 4 * 20 { zero[byte] = 0 }
        #expect(Self.read(Self.withChecksum(zero)) == nil)
    }
}
