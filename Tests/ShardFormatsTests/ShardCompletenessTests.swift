import ShardFormats
import Testing

@Suite struct ShardCompletenessTests {
    private static let paths = [
        "npy/f4-little-C.npy", "npy/f2-big-F.npy", "npy/version-3.npy", "npz/stored.npz", "npz/deflated.npz",
        "npz/zip64.npz", "npz/streamed.npz", "safetensors/F32.safetensors", "safetensors/ids-I64.safetensors",
    ]

    private func completeness(_ path: String, _ bytes: [UInt8]) throws -> ShardCompleteness {
        let format = try #require(ShardFormat(fileName: path))
        return ShardReader.completeness(format, size: bytes.count) { range in Array(bytes[range]) }
    }

    @Test("A whole file is complete", arguments: paths)
    func whole(path: String) throws {
        let bytes = try Fixture.bytes(path)
        #expect(try completeness(path, bytes) == .complete)
        let format = try #require(ShardFormat(fileName: path))
        #expect(ShardReader.isComplete(format, size: bytes.count) { range in Array(bytes[range]) })
    }

    @Test("Every beginning of a file is incomplete", arguments: paths)
    func starts(path: String) throws {
        let bytes = try Fixture.bytes(path)
        for count in bytes.indices {
            #expect(try completeness(path, Array(bytes[..<count])) == .incomplete, "\(count) bytes")
        }
    }

    @Test("A file that is longer than its header says is malformed", arguments: paths)
    func goesOn(path: String) throws {
        #expect(try completeness(path, try Fixture.bytes(path) + [0]) == .malformed)
    }

    @Test("A file of another format is malformed", arguments: ["a.npy", "a.npz", "a.safetensors"])
    func otherFormat(name: String) throws {
        #expect(try completeness(name, Array(repeating: 0x41, count: 1_000)) == .malformed)
    }

    @Test("A header longer than the first block is read completely")
    func longHeader() throws {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}" + String(repeating: " ", count: 60_000)
        let bytes = Bytes.npy(header: header, data: Bytes.zeros(4))
        #expect(try completeness("a.npy", bytes) == .complete)
        #expect(try completeness("a.npy", Array(bytes.dropLast())) == .incomplete)
    }

    @Test("The end record of an archive is found before a long comment")
    func longComment() throws {
        let comment = Array(repeating: UInt8(ascii: "c"), count: 65_535)
        let member = ZipBuilder.Member(name: "a.npy", data: Bytes.zeros(100_000))
        let bytes = ZipBuilder(members: [member], comment: comment).build()
        #expect(try completeness("a.npz", bytes) == .complete)
        #expect(try completeness("a.npz", Array(bytes.dropLast())) == .incomplete)
    }

    @Test("Errors of the read closure are rethrown, and a file that becomes shorter is incomplete")
    func passesErrors() {
        struct Failure: Error {}
        #expect(throws: Failure.self) {
            try ShardReader.completeness(.npy, size: 10) { _ in throw Failure() }
        }
        for format in ShardFormat.allCases {
            #expect(ShardReader.completeness(format, size: 1_000_000) { _ in [] } == .incomplete)
        }
    }
}
