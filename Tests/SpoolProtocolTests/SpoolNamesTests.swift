import ShardFormats
import SpoolProtocol
import Testing

@Suite struct SpoolNamesTests {
    @Test(arguments: ["npy", "npz", "safetensors"]) func aShardAndItsSidecarNameEachOther(format: String) throws {
        let name = "two words.\(format)"
        let sidecar = try #require(SpoolNames.sidecar(of: name))
        #expect(sidecar == "two words.ids")
        #expect(SpoolNames.shards(ofSidecar: sidecar).contains(name))
        #expect(SpoolNames.shards(ofSidecar: sidecar).count == ShardFormat.allCases.count)
    }

    @Test(arguments: ["words.delete", "words.txt", "words", ".npy", "words.ids"])
    func aFileWithoutVectorsHasNoSidecar(name: String) {
        #expect(SpoolNames.sidecar(of: name) == nil)
    }

    @Test(arguments: ["words.npy", "words", "words.id"]) func onlyASidecarBelongsToShards(name: String) {
        #expect(SpoolNames.shards(ofSidecar: name).isEmpty)
    }

    @Test func documentsAreNamedAfterTheirShards() {
        #expect(SpoolNames.receipt(of: "words.npy") == "words.npy.receipt.json")
        #expect(SpoolNames.rejection(of: "words.npy") == "words.npy.error.json")
    }

    @Test func theSidecarOfTheLongestNameFits() throws {
        for (format, count) in [("npy", 251), ("safetensors", 243)] {
            let name = String(repeating: "n", count: count) + "." + format
            #expect(name.utf8.count == 255)
            let sidecar = try #require(SpoolNames.sidecar(of: name))
            #expect(sidecar.utf8.count <= 255)
            #expect(SpoolNames.shards(ofSidecar: sidecar).contains(name))
        }
    }

    /// While a document is written, its name has a dot before it and ".tmp" after it.
    ///
    /// It must still fit 255 bytes.
    @Test(arguments: 1...255) func documentsOfAllLengthsFit(count: Int) {
        let name = String(repeating: "n", count: count)
        for document in [SpoolNames.receipt(of: name), SpoolNames.rejection(of: name)] {
            #expect(document.utf8.count + 5 <= 255)
            #expect(document.hasPrefix("n"))
        }
    }

    @Test func longNamesWithTheSameBeginningHaveDifferentDocuments() {
        let names = (0..<10).map { String(repeating: "n", count: 250) + "\($0).npy" }
        #expect(Set(names.map(SpoolNames.receipt)).count == names.count)
    }

    @Test func aCutNameEndsAtACharacterBoundary() {
        let name = String(repeating: "日", count: 83) + "nn.npy"
        let document = SpoolNames.receipt(of: name)
        #expect(document.utf8.count <= 240)
        #expect(document.prefix { $0 == "日" }.count > 60)
        #expect(document.drop { $0 == "日" }.hasPrefix("~"))
    }

    static let kinds: [(SpoolNames.NameKind, [String])] = [
        (.shard, ["s.npy", "s.npz", "s.safetensors", "s.delete", "a b (1).npy", "日.npy", "heaps.npz", "s.heaps.npy"]),
        (.sidecar, ["s.ids", "s.npy.ids", "s.heaps.npz", "s.npz.heaps.npz"]),
        (.temporary, [".s.npy", ".npy", "s.npy.tmp", "s.part", ".s.npy.swp", ".s.npy.aBc123", "~syncthing~s.npy.tmp"]),
        (
            .other,
            [
                "s.npy.DCca58Ba", "s.npy.partial", "s.npy.filepart", "s.npy.crdownload", "s.npy_.gstmp", "s.npy.aria2",
                "s.npy~", "#s.npy#", "4913", "Thumbs.db", "@eaDir", "s.NPY", "s.txt", "npy", "delete", "ids",
            ]
        ),
    ]

    @Test(arguments: kinds) func aNameTellsWhatAFileIs(kind: SpoolNames.NameKind, names: [String]) {
        for name in names { #expect(SpoolNames.kind(of: Array(name.utf8)) == kind, "\(name)") }
    }

    @Test func aFileOfHeapsBelongsToAShard() {
        #expect(SpoolNames.heaps(of: "s.npy") == "s.heaps.npz")
        #expect(SpoolNames.heaps(of: "s.heaps.npz") == nil)
        #expect(SpoolNames.sidecar(of: "s.heaps.npz") == nil)
        #expect(SpoolNames.heaps(of: "s.delete") == nil)
        #expect(SpoolNames.shards(ofSidecar: "s.heaps.npz") == ["s.npy", "s.npz", "s.safetensors"])
    }

    @Test func aNameNeedNotBeText() {
        #expect(SpoolNames.kind(of: [0xe9] + Array(".npy".utf8)) == .shard)
        #expect(SpoolNames.kind(of: [0xe9]) == .other)
    }
}
