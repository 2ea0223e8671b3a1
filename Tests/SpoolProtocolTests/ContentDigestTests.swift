import SpoolProtocol
import Testing

@Suite struct ContentDigestTests {
    @Test func digestsEqualThoseOfTheStandard() {
        #expect(
            ContentDigest.hexadecimal(of: Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            ContentDigest.hexadecimal(of: [])
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func piecesHaveTheDigestOfTheWholeData() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
        let digest = ContentDigest()
        for start in stride(from: 0, to: bytes.count, by: 7) {
            unsafe digest.update(bytes[start..<min(start + 7, bytes.count)].span.bytes)
        }
        #expect(digest.finish() == ContentDigest.hexadecimal(of: bytes))
    }
}
