import ShardFormats
import Testing

@Suite struct ShardReaderTests {
    private let npy = NPY.write(Fixture.matrix)

    private func read(_ name: String, _ bytes: [UInt8], ids: [UInt8]? = nil, dimension: Int? = nil) throws -> Shard {
        try ShardReader.read(fileName: name, bytes: bytes, ids: ids, maximumBytes: 1 << 20, dimension: dimension)
    }

    @Test("Names rows after the shard when there are no ids")
    func namesRows() throws {
        let shard = try read("words-0000.npy", npy)
        let ids = ["words-0000:0", "words-0000:1", "words-0000:2", "words-0000:3", "words-0000:4"]
        #expect(shard == Shard(name: "words-0000", matrix: Fixture.matrix, ids: ids))
        // Fixture.shard reads each fixture under the name NAME.
        #expect(try Fixture.shard("npz/stored.npz").ids.first == "NAME:0")
        #expect(try Fixture.shard("safetensors/F32.safetensors").ids.last == "NAME:4")
    }

    @Test(
        "Prefers the ids of the .ids file to those in the shard",
        arguments: [
            "npy/f2-big-F.npy", "npz/ids-S.npz", "npz/ids-object.npz", "safetensors/ids-I8.safetensors",
        ])
    func prefersFile(path: String) throws {
        let ids = ["v", "w", "x", "y", "z"]
        #expect(try Fixture.shard(path, ids: Array("v\nw\nx\ny\nz\n".utf8)).ids == ids)
    }

    @Test("Accepts the longest name that a file can have")
    func namesLongest() throws {
        let name = String(repeating: "x", count: 251)
        #expect(try read("\(name).npy", npy).ids.last == "\(name):4")
    }

    @Test("Determines the format from the extension")
    func knowsFormats() {
        #expect(ShardFormat(fileName: "a.npy") == .npy)
        #expect(ShardFormat(fileName: "a.b.npz") == .npz)
        #expect(ShardFormat(fileName: "日本.safetensors") == .safetensors)
        for name in ["", "npy", ".npy", "a.NPY", "a.npy.tmp", "a.ids", "a.npyx", "a"] {
            #expect(ShardFormat(fileName: name) == nil)
        }
    }

    @Test("Removes the extension after any character")
    func cutsNames() {
        #expect(ShardFormat.npy.stem(of: "a.b.npy") == "a.b")
        // Swift treats U+0600 and the dot after it as one Character.
        #expect(ShardFormat.npy.stem(of: "\u{600}.npy") == "\u{600}")
        #expect(ShardFormat.npy.stem(of: "a.npz") == nil)
    }

    @Test("Rejects another dimension than the corpus has")
    func checksDimension() throws {
        #expect(try read("a.npy", npy, dimension: 3).matrix == Fixture.matrix)
        let error = #expect(throws: ShardError.self) { try read("a.npy", npy, dimension: 4) }
        #expect(error == .wrongDimension(found: 3, expected: 4))
    }

    @Test("Accepts a file of exactly the largest size")
    func limitsSize() throws {
        let bytes = npy
        func read(_ limit: Int) throws -> Shard {
            try ShardReader.read(fileName: "a.npy", bytes: bytes, ids: nil, maximumBytes: limit)
        }
        #expect(try read(bytes.count).matrix == Fixture.matrix)
        let error = #expect(throws: ShardError.self) { try read(bytes.count - 1) }
        #expect(error?.code == .tooLarge)
    }

    @Test("Each fixture that numpy or safetensors wrote is accepted, or rejected with the expected code")
    func readsAllFixtures() throws {
        let rejected: [String: ShardError.Code] = [
            "npy/structured.npy": .unsupportedDtype,
            "npy/object.npy": .unsupportedDtype, "npy/infinite-as-float32.npy": .notFinite,
            "npy/not-finite.npy": .notFinite, "npz/ids-object.npz": .idsBadType, "npz/ids-float.npz": .idsBadType,
            "npz/ambiguous.npz": .ambiguousArray, "npz/only-ids.npz": .missingArray,
            "npy/bfloat16-little-C.npy": .unsupportedDtype, "npy/bfloat16-little-F.npy": .unsupportedDtype,
            "npy/bfloat16-big-C.npy": .unsupportedDtype, "npz/bfloat16.npz": .unsupportedDtype,
            "npz/bzip2.npz": .unsupportedCompression, "safetensors/ambiguous.safetensors": .ambiguousArray,
        ]
        let paths = try Fixture.allPaths()
        #expect(paths.count > 60)
        for path in paths {
            do {
                let shard = try Fixture.shard(path)
                #expect(
                    shard.matrix == (path.contains("one-dimensional") ? Fixture.firstRow : Fixture.matrix), "\(path)")
                #expect(rejected[path] == nil, "\(path)")
            } catch let error as ShardError {
                #expect(error.code == rejected[path], "\(path)")
            }
        }
    }

    @Test("Reads the ids of a shard whose matrix is read elsewhere")
    func readsIDsAlone() throws {
        let ids = Array("a\nb\n".utf8)
        #expect(try ShardReader.ids(fileName: "s.npy", rows: 2, ids: ids, maximumBytes: 100) == ["a", "b"])
        #expect(try ShardReader.ids(fileName: "s.npy", rows: 2, ids: nil, maximumBytes: 100) == ["s:0", "s:1"])
        #expect(throws: ShardError.self) {
            try ShardReader.ids(fileName: "s.npy", rows: 3, ids: ids, maximumBytes: 100)
        }
        #expect(throws: ShardError.self) { try ShardReader.ids(fileName: "s", rows: 2, ids: ids, maximumBytes: 100) }
    }
}
