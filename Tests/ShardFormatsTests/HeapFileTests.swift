import ShardFormats
import Testing

@Suite struct HeapFileTests {
    private static let arrays = [
        NPZArray("references", shape: [2, 3], .uint32([0, 1, 2, 2, 1, 0])),
        NPZArray("similarities", shape: [2, 3], .float32([3, 2, 1, 1, 1, -1])),
        NPZArray("reference_ids", shape: [3], .text(["a", "b", "ç"])),
        NPZArray("reference_count", shape: [], .uint64([5])),
        NPZArray("reference_checksum", shape: [2], .float64([0.5, -1])),
    ]

    private func read(_ arrays: [NPZArray]) throws -> HeapFile {
        try HeapFile.read(NPZFile(arrays).bytes, maximumBytes: 1 << 20)
    }

    /// The arrays with one of them replaced.
    private static func with(_ array: NPZArray, at index: Int) -> [NPZArray] {
        var changed = arrays
        changed[index] = array
        return changed
    }

    @Test func aFileIsRead() throws {
        #expect(
            try read(Self.arrays)
                == HeapFile(
                    images: 2, width: 3, references: [0, 1, 2, 2, 1, 0], similarities: [3, 2, 1, 1, 1, -1],
                    referenceIDs: ["a", "b", "ç"], referenceCount: 5, referenceChecksum: [0.5, -1]))
    }

    @Test func heapsWithoutReferencesAreRead() throws {
        let file = try read([
            NPZArray("references", shape: [2, 0], .uint32([])), NPZArray("similarities", shape: [2, 0], .float32([])),
            NPZArray("reference_ids", shape: [0], .text([])), NPZArray("reference_count", shape: [], .uint64([0])),
            NPZArray("reference_checksum", shape: [0], .float64([])),
        ])
        #expect((file.images, file.width) == (2, 0))
    }

    @Test(
        arguments: [
            (0, NPZArray("references", shape: [2, 3], .float32([0, 1, 2, 2, 1, 0]))),
            (0, NPZArray("references", shape: [2, 3], .uint32([0, 1, 3, 2, 1, 0]))),
            (0, NPZArray("references", shape: [3, 2], .uint32([0, 1, 2, 2, 1, 0]))),
            (0, NPZArray("references", shape: [6], .uint32([0, 1, 2, 2, 1, 0]))),
            (1, NPZArray("similarities", shape: [2, 3], .float64([3, 2, 1, 1, 1, -1]))),
            (1, NPZArray("similarities", shape: [2, 3], .float32([3, 2, 1, 1, 1.5, -1]))),
            (1, NPZArray("similarities", shape: [2, 3], .float32([3, 2, .nan, 1, 1, -1]))),
            (1, NPZArray("similarities", shape: [2, 3], .float32([3, 2, 1, 1, 1, -.infinity]))),
            (2, NPZArray("reference_ids", shape: [1, 3], .text(["a", "b", "c"]))),
            (2, NPZArray("reference_ids", shape: [3], .text(["a", "", "c"]))),
            (2, NPZArray("reference_ids", shape: [3], .text(["a", "b", String(repeating: "ç", count: 300)]))),
            (2, NPZArray("ids", shape: [3], .text(["a", "b", "c"]))),
            (3, NPZArray("reference_count", shape: [], .uint64([2]))),
            (3, NPZArray("reference_count", shape: [], .float64([5]))),
            (3, NPZArray("reference_count", shape: [], .uint64([.max]))),
            (4, NPZArray("reference_checksum", shape: [2], .float32([0.5, -1]))),
            (4, NPZArray("reference_checksum", shape: [2, 1], .float64([0.5, -1]))),
        ] as [(Int, NPZArray)])
    func impossibleArraysAreRejected(index: Int, array: NPZArray) {
        let error = #expect(throws: ShardError.self) { try read(Self.with(array, at: index)) }
        #expect(error?.code == .heapsMalformed)
    }

    @Test func otherFilesAreRejected() {
        let bytes = NPZFile(Self.arrays).bytes
        let cases: [([UInt8], ShardError.Code)] = [
            (Array(bytes.dropLast(30)), .truncated), (Array("nothing".utf8), .notAShard), ([], .truncated),
        ]
        for (bytes, code) in cases {
            let error = #expect(throws: ShardError.self) { try HeapFile.read(bytes, maximumBytes: 1 << 20) }
            #expect(error?.code == code)
        }
        let error = #expect(throws: ShardError.self) { try HeapFile.read(bytes, maximumBytes: 100) }
        #expect(error?.code == .tooLarge)
    }

    /// `zlib.crc32(b"a")` of Python is 0xe8b7be43, and that of `b"b"` 0x71beeff9.
    @Test func theWeightOfAReferenceComesFromTheChecksumOfItsID() {
        func weight(_ id: String) -> Double {
            let bytes = Array(id.utf8)
            return unsafe HeapFile.weight(ofReference: bytes.span.bytes)
        }
        #expect(weight("a") == -(1 + Double(0x68b7_be43) / 0x1p31))
        #expect(weight("b") == 1 + Double(0x71be_eff9) / 0x1p31)
    }
}
