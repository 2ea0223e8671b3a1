import ShardFormats

extension BadShard {
    /// A file with one tensor `embeddings`.
    private static func one(
        dtype: String = "F32", shape: String = "[2,1]", offsets: String = "[0,8]", data: Int = 8
    ) -> [UInt8] {
        let header = "{\"embeddings\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
        return Bytes.safeTensors(header, data: Bytes.zeros(data))
    }

    /// A file with a valid 2 x 1 tensor, followed by this tensor `ids`.
    private static func withIDs(dtype: String, shape: String, end: Int, data: [UInt8]) -> [UInt8] {
        let header = """
            {"embeddings":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
            "ids":{"dtype":"\(dtype)","shape":\(shape),"data_offsets":[8,\(end)]}}
            """
        return Bytes.safeTensors(header, data: Bytes.zeros(8) + data)
    }

    /// A file with two tensors of this name.
    private static func twice(_ name: String) -> [UInt8] {
        let tensors = ["[0,4]", "[4,8]"].map { offsets in
            "\"\(name)\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":\(offsets)}"
        }
        return Bytes.safeTensors("{\(tensors.joined(separator: ","))}", data: Bytes.zeros(8))
    }

    static let safeTensors: [BadShard] = [
        tensors("empty file", .truncated, []),
        tensors("end in the length", .truncated, [10, 0, 0]),
        tensors("text", .notAShard, Array("hello, this is just some text".utf8)),
        tensors("an .npy file", .notAShard, goodMatrix),
        tensors("a header of exabytes", .badHeader, Bytes.little(UInt64.max) + Array("{}".utf8)),
        tensors("a header over the limit", .badHeader, Bytes.little(100_000_001 as UInt64) + Array("{}".utf8)),
        tensors("a header of one byte", .badHeader, Bytes.little(1 as UInt64) + Array("{}".utf8)),
        tensors("a header beyond the end", .truncated, Bytes.little(1_000 as UInt64) + Array("{}".utf8)),
        tensors("no JSON", .badHeader, Bytes.safeTensors("{embeddings}")),
        tensors("JSON that goes on", .badHeader, Bytes.safeTensors("{}{}")),
        tensors("JSON that is not UTF-8", .badHeader, Bytes.little(4 as UInt64) + [0x7b, 0x22, 0xff, 0x7d]),
        tensors("endless nesting", .badHeader, Bytes.safeTensors(String(repeating: "{\"a\":", count: 10_000))),
        tensors(
            "endless nesting of lists", .badHeader, Bytes.safeTensors("{\"a\":" + String(repeating: "[", count: 50_000))
        ),
        tensors("a tensor as a number", .badHeader, Bytes.safeTensors("{\"embeddings\":1}")),
        tensors("no tensors", .missingArray, Bytes.safeTensors("{}")),
        tensors("metadata alone", .missingArray, Bytes.safeTensors("{\"__metadata__\":{\"a\":\"b\"}}")),
        tensors("sizes as text", .badHeader, one(shape: "[\"2\",1]")),
        tensors("sizes with fractions", .badHeader, one(shape: "[2.5,1]")),
        tensors("sizes beyond all integers", .badHeader, one(shape: "[99999999999999999999,1]")),
        tensors("negative sizes", .badShape, one(shape: "[-2,-1]")),
        tensors("sizes that overflow", .badShape, one(shape: "[4611686018427387904,4]")),
        tensors("sizes larger than the offsets", .badShape, one(shape: "[3,1]")),
        tensors("a width larger than the offsets", .badShape, one(dtype: "F64")),
        tensors("three dimensions", .badShape, one(shape: "[2,1,1]")),
        tensors("no dimensions", .badShape, one(shape: "[]", offsets: "[0,4]", data: 4)),
        tensors("no numbers in one dimension", .noRows, one(shape: "[0]", offsets: "[0,0]", data: 0)),
        tensors(
            "more dimensions than numpy allows", .badHeader, one(shape: "[2\(String(repeating: ",1", count: 64))]")),
        tensors(
            "a tensor without a type", .badHeader,
            Bytes.safeTensors("{\"a\":{\"shape\":[0],\"data_offsets\":[0,0]}}")),
        tensors("metadata that is no JSON", .badHeader, Bytes.safeTensors("{\"__metadata__\":{\"a\":tru}}")),
        tensors("an unknown escape sequence", .badHeader, Bytes.safeTensors("{\"__metadata__\":\"\\x\"}")),
        tensors("half a surrogate pair in a name", .badHeader, Bytes.safeTensors("{\"\\ud800\":{}}")),
        tensors("a number with a leading zero", .badHeader, one(shape: "[02,1]")),
        tensors("two tensors named embeddings", .badHeader, twice("embeddings")),
        tensors("two tensors named ids", .badHeader, twice("ids")),
        tensors("no rows", .noRows, one(shape: "[0,1]", offsets: "[0,0]", data: 0)),
        tensors("no dimension", .noDimension, one(shape: "[2,0]", offsets: "[0,0]", data: 0)),
        tensors("one offset", .badHeader, one(offsets: "[8]")),
        tensors("negative offsets", .badHeader, one(offsets: "[-8,0]")),
        tensors("offsets that fall", .badHeader, one(offsets: "[8,0]")),
        tensors("a gap before the data", .badHeader, one(offsets: "[8,16]", data: 16)),
        tensors("the largest offsets", .badHeader, one(offsets: "[9223372036854775799,9223372036854775807]")),
        tensors("a byte too few", .truncated, one(data: 7)),
        tensors("a byte too many", .trailingBytes, one(data: 9)),
        tensors("a petabyte", .truncated, one(shape: "[281474976710656,1]", offsets: "[0,1125899906842624]")),
        tensors("the largest size", .badHeader, one(dtype: "X", offsets: "[0,9223372036854775807]")),
        tensors("float8", .unsupportedDtype, one(dtype: "F8_E4M3", offsets: "[0,2]", data: 2)),
        tensors("complex numbers", .unsupportedDtype, one(dtype: "C64", offsets: "[0,16]", data: 16)),
        tensors("integers", .unsupportedDtype, one(dtype: "I32")),
        tensors("an unknown type", .unsupportedDtype, one(dtype: "F4")),
        tensors(
            "overlapping tensors", .badHeader,
            Bytes.safeTensors(
                """
                {"embeddings":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
                "ids":{"dtype":"U8","shape":[2],"data_offsets":[7,9]}}
                """, data: Bytes.zeros(9))),
        tensors("ids of floats", .idsBadType, withIDs(dtype: "F32", shape: "[2]", end: 16, data: Bytes.zeros(8))),
        tensors("ids of booleans", .idsBadType, withIDs(dtype: "BOOL", shape: "[2]", end: 10, data: [0, 1])),
        tensors(
            "ids of two dimensions", .idsBadType, withIDs(dtype: "U8", shape: "[2,2]", end: 12, data: [0, 1, 2, 3])),
        tensors("too few ids", .idsTooFew, withIDs(dtype: "U8", shape: "[1]", end: 9, data: [0])),
        tensors("too many ids", .idsTooMany, withIDs(dtype: "I8", shape: "[3]", end: 11, data: [0, 1, 2])),
        tensors("doubled ids", .idsDuplicate, withIDs(dtype: "I8", shape: "[2]", end: 10, data: [7, 7]), rows: [1]),
        tensors(
            "a NaN", .notFinite,
            Bytes.safeTensors(
                "{\"x\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[0,4]}}", data: [0, 0, 0xff, 0x7f]),
            rows: [1]),
    ]
}
