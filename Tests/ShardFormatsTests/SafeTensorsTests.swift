import ShardFormats
import Testing

@Suite struct SafeTensorsTests {
    @Test(
        "Reads what safetensors writes",
        arguments: ["F16", "BF16", "F32", "F64", "named-otherwise", "others", "ids-U8"])
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

    @Test("Reads one vector, and ids in one column")
    func readsOtherShapes() throws {
        let one = try Fixture.shard("safetensors/one-dimensional.safetensors")
        #expect(one == Shard(name: "NAME", matrix: Fixture.firstRow, ids: ["7"]))
        #expect(try Fixture.shard("safetensors/ids-column.safetensors").ids == Fixture.integers)
    }

    @Test(
        "Reads headers that JSON allows",
        arguments: [
            #""\u0065mbeddings":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}"#,
            #""embeddings":{"shape":[1,2],"x":[{"y":-1.5e+3,"z":0},true,false,null,{},[]],"data_offsets":[0,8],"#
                + #""dtype":"F32"},"ids":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}"#,
            #""__metadata__":{"ü\"\\\/\b\f\n\r\t\uD83D\uDE00":"日本"},"#
                + "\t \r\n\"a\" : { \"dtype\" : \"F32\" , \"shape\" : [ 1 , 2 ] , \"data_offsets\" : [ 0 , 8 ] }\n",
        ])
    func readsJSON(members: String) throws {
        let data = Bytes.floats([1, 2]) + (members.contains("ids") ? [7] : [])
        let bytes = Bytes.safeTensors("{\(members)}", data: data)
        #expect(try SafeTensors.read(bytes.span).matrix == Matrix(rows: 1, dimension: 2, values: [1, 2]))
    }

    @Test("Reads a header of 20 MB, of metadata or of many tensors", arguments: [true, false])
    func readsLargeHeader(isMetadata: Bool) throws {
        let others =
            isMetadata
            ? "\"__metadata__\":{\"words\":\"\(String(repeating: "word ", count: 4_000_000))\"}"
            : (0..<300_000).map { "\"tensor\($0)\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8],\"x\":0}" }
                .joined(separator: ",")
        let header = "{\(others),\"embeddings\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}"
        #expect(header.utf8.count > 20_000_000)
        let bytes = Bytes.safeTensors(header, data: Bytes.floats([1, 2]))
        #expect(try SafeTensors.read(bytes.span).matrix.values == [1, 2])
        #expect(ShardReader.isComplete(.safetensors, size: bytes.count) { range in Array(bytes[range]) })
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
