import ShardFormats
import Testing

/// .npz files that ``NPZFile`` writes.
@Suite struct NPZFileTests {
    /// One code point of one to four bytes of UTF-8 each, a composed and a decomposed letter, and NUL inside.
    private static let texts = ["a", "é", "日本語", "🙂🙃", "e\u{301}", "a\0b", String(repeating: "x", count: 16)]

    private func bytes(of file: NPZFile) -> [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: file.byteCount) { buffer, count in
            var output = unsafe OutputRawSpan(buffer: UnsafeMutableRawBufferPointer(buffer), initializedCount: 0)
            file.write(to: &output)
            count = output.byteCount
        }
    }

    @Test func theArchiveHasEachFieldAndNoOther() {
        let file = NPZFile([
            NPZArray("a", shape: [2, 1], .float32([1, -0.5])), NPZArray("bc", shape: [], .uint64([.max])),
        ])
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }"
        let scalar = "{'descr': '<u8', 'fortran_order': False, 'shape': (), }"
        // With the 10 bytes before it, a header ends at a multiple of 64.
        let first = Bytes.npy(header: Self.padded(header), data: Bytes.floats([1, -0.5]))
        let second = Bytes.npy(header: Self.padded(scalar), data: Array(repeating: 0xff, count: 8))
        // The archive is dated 1 January 1980, the first day that a zip archive can name.
        let expected = ZipBuilder(
            members: [.init(name: "a.npy", data: first), .init(name: "bc.npy", data: second)], date: 0x21)
        #expect(bytes(of: file) == expected.build())
        #expect(file.byteCount == expected.build().count)
    }

    private static func padded(_ header: String) -> String {
        header + String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    }

    @Test func theReaderFindsTheSameValues() throws {
        let matrix = Matrix(rows: 7, dimension: 2, values: (0..<14).map { Float($0) / 3 })
        let file = NPZFile([
            NPZArray("embeddings", shape: [7, 2], .float32(matrix.values)),
            NPZArray("ids", shape: [7], .text(Self.texts)),
        ])
        let contents = try NPZ.read(bytes(of: file).span)
        #expect(contents.matrix == matrix)
        #expect(try #require(contents.ids).map { Array($0.utf8) } == Self.texts.map { Array($0.utf8) })
    }

    @Test(arguments: [
        (["é", "🙂"], 1), (["a", "🙂🙃"], 2), (["abc", "日本語"], 3), (["", ""], 1), ([], 1),
    ])
    func theLongestTextInCodePointsIsTheWidth(texts: [String], width: Int) {
        let written = bytes(of: NPZFile([NPZArray("t", shape: [texts.count], .text(texts))]))
        // The local header of the member `t.npy`, then an .npy header of 128 bytes, whose text begins after 10 bytes.
        let start = 30 + "t.npy".utf8.count
        let header = String(decoding: written[start + 10..<start + 128], as: UTF8.self)
        #expect(header.hasPrefix("{'descr': '<U\(width)', 'fortran_order': False, 'shape': (\(texts.count),), }"))
        let data = texts.flatMap { text -> [UInt8] in
            let codePoints = text.unicodeScalars.flatMap { Bytes.little($0.value) }
            return codePoints + Bytes.zeros(4 * width - codePoints.count)
        }
        #expect(Array(written[start + 128..<start + 128 + data.count]) == data)
    }

    @Test func arraysCanBeEmpty() {
        let file = NPZFile([
            NPZArray("ids", shape: [3, 0], .text([])), NPZArray("doubles", shape: [0], .float64([])),
        ])
        let text = String(decoding: bytes(of: file), as: UTF8.self)
        #expect(text.contains("{'descr': '<U1', 'fortran_order': False, 'shape': (3, 0), }"))
        #expect(text.contains("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }"))
    }
}
