import ShardFormats
import Testing

@Suite struct NPZTests {
    @Test(
        "Reads the member embeddings; without it, the only member besides ids",
        arguments: [
            "stored", "deflated", "unnamed", "named-otherwise", "named-and-others", "streamed", "zip64",
            "zip64-deflated",
        ])
    func readsMatrix(name: String) throws {
        #expect(try Fixture.shard("npz/\(name).npz").matrix == Fixture.matrix)
    }

    @Test(
        "Reads integer ids as decimal text, whatever the width, the sign and the byte order",
        arguments: [
            "1-little", "1-big", "2-little", "2-big", "4-little", "4-big", "8-little", "8-big",
        ])
    func readsIntegerIDs(format: String) throws {
        #expect(try Fixture.shard("npz/ids-i\(format).npz").ids == Fixture.integers)
        #expect(try Fixture.shard("npz/ids-u\(format).npz").ids == Fixture.naturals)
    }

    @Test("Reads the largest and smallest integers as ids")
    func readsExtremeIDs() throws {
        #expect(try Fixture.shard("npz/ids-extreme-i8.npz").ids.prefix(2) == ["\(Int64.min)", "\(Int64.max)"])
        #expect(try Fixture.shard("npz/ids-extreme-u8.npz").ids.prefix(2) == ["\(UInt64.max)", "9223372036854775808"])
    }

    @Test("Reads text ids without their padding", arguments: ["U-little", "U-big", "S"])
    func readsTextIDs(type: String) throws {
        #expect(try Fixture.shard("npz/ids-\(type).npz").ids == Fixture.texts)
    }

    @Test("Reads ids in one column or one row", arguments: ["column", "row"])
    func readsIDsInTwoDimensions(shape: String) throws {
        #expect(try Fixture.shard("npz/ids-\(shape).npz").ids == Fixture.texts)
    }

    @Test("Reads one vector with one id, in as few dimensions as numpy can save them")
    func readsOneVector() throws {
        let shard = try Fixture.shard("npz/one-dimensional.npz")
        #expect(shard == Shard(name: "NAME", matrix: Fixture.firstRow, ids: ["word"]))
    }

    @Test("Reads V2 as bfloat16 if this is asked for")
    func readsBfloat16() throws {
        let bytes = try Fixture.bytes("npz/bfloat16.npz")
        #expect(try NPZ.read(bytes.span, v2Elements: .bfloat16).matrix == Fixture.matrix)
    }

    @Test("Reads ids from deflated, streamed and zip64 archives")
    func readsIDsFromAll() throws {
        #expect(try Fixture.shard("npz/deflated.npz").ids == Fixture.texts)
        #expect(try Fixture.shard("npz/streamed.npz").ids == Fixture.integers)
        #expect(try Fixture.shard("npz/zip64.npz").ids == Fixture.integers)
        #expect(try Fixture.shard("npz/zip64-deflated.npz").ids == Fixture.integers)
    }

    @Test("Does not read the ids if withIDs is false")
    func skipsIDs() throws {
        let bytes = try Fixture.bytes("npz/ids-object.npz")
        let contents = try NPZ.read(bytes.span, withIDs: false)
        #expect(contents == ShardContents(matrix: Fixture.matrix, ids: nil))
    }

    @Test("Accepts an archive with a comment, even if the comment contains an end record")
    func acceptsComment() throws {
        let inner = ZipBuilder(members: []).build()
        let member = ZipBuilder.Member(name: "embeddings.npy", data: NPY.write(Fixture.matrix))
        let bytes = ZipBuilder(members: [member], comment: inner + Array("and more".utf8)).build()
        #expect(try NPZ.read(bytes.span).matrix == Fixture.matrix)
    }

    @Test("Rejects a small member whose stated size is larger than it can inflate to")
    func rejectsImpossibleRatio() {
        let bytes = ZipBuilder.one([3, 0]) { member in
            member.method = 8
            member.byteCount = 2_000_000_000
        }
        let error = #expect(throws: ShardError.self) { try NPZ.read(bytes.span) }
        #expect(error?.code == .badArchive)
    }

    @Test("Stops inflating at the stated size")
    func stopsInflating() throws {
        // The deflated fixture; its central directory states a size of the first member that is one byte too small.
        var bytes = try Fixture.bytes("npz/deflated.npz")
        let entry = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("PK\u{1}\u{2}".utf8)) })
        bytes[entry + 24] -= 1
        let error = #expect(throws: ShardError.self) { try NPZ.read(bytes.span) }
        #expect(error?.code == .badArchive)
    }

    @Test("Rejects a member above the limit before inflating it")
    func rejectsLargeMember() throws {
        let bytes = ZipBuilder.one([3, 0]) { member in
            member.method = 8
            member.byteCount = 1_001
        }
        let error = #expect(throws: ShardError.self) { try NPZ.read(bytes.span, maximumBytes: 1_000) }
        #expect(error?.code == .tooLarge)
    }

    @Test("The message names the member that is wrong")
    func locatesErrors() throws {
        let bytes = ZipBuilder.one(Bytes.npy(descr: "'<i4'", shape: "(1, 1)", data: Bytes.zeros(4)))
        let error = #expect(throws: ShardError.self) { try NPZ.read(bytes.span) }
        #expect(error?.code == .unsupportedDtype)
        #expect(error?.message.hasPrefix(#"In "embeddings.npy": "#) == true)
    }
}
