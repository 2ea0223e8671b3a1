import ShardFormats
import Testing

@Suite struct SafeTensorsTests {
    @Test("Reads what safetensors writes", arguments: ["F16", "F32", "F64", "named-otherwise", "others", "ids-U8"])
    func readsMatrix(name: String) throws {
        #expect(try Fixture.shard("safetensors/\(name).safetensors").matrix == Fixture.matrix)
    }

    @Test("Reads integer ids as decimal text, and ignores metadata", arguments: [8, 16, 32, 64])
    func readsIDs(bits: Int) throws {
        #expect(try Fixture.shard("safetensors/ids-I\(bits).safetensors").ids == Fixture.integers)
        #expect(try Fixture.shard("safetensors/ids-U\(bits).safetensors").ids == Fixture.naturals)
    }

    @Test("Does not read the ids if withIDs is false")
    func skipsIDs() throws {
        let bytes = try Fixture.bytes("safetensors/ids-I64.safetensors")
        #expect(try SafeTensors.read(bytes.span, withIDs: false).ids == nil)
    }

    @Test("Reads a header with padding, and tensors in another order than in the header")
    func readsPaddedHeader() throws {
        let header = """
            {"ids":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},\
            "embeddings":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}    \n
            """
        let bytes = Bytes.safeTensors(header, data: Bytes.floats([1, 2]) + [77])
        let expected = ShardContents(matrix: Matrix(rows: 1, dimension: 2, values: [1, 2]), ids: ["77"])
        #expect(try SafeTensors.read(bytes.span) == expected)
    }
}
