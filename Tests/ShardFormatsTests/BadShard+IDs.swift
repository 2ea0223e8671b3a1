import ShardFormats

/// Shards with two vectors and wrong ids: in an array of an archive, or in a file beside the shard.
extension BadShard {
    /// The UTF-32 code points of two ids, as numpy stores the type U.
    private static func text(_ first: [UInt32], _ second: [UInt32]) -> [UInt8] {
        (first + second).flatMap { Bytes.little($0) }
    }

    static let idArrays: [BadShard] = [
        idArray("of objects", .idsBadType, descr: "'|O'", data: [0x80, 2]),
        idArray("of floats", .idsBadType, descr: "'<f8'", data: Bytes.zeros(16)),
        idArray("of booleans", .idsBadType, descr: "'|b1'", data: [0, 1]),
        idArray("of structures", .idsBadType, descr: "[('a', '<i4')]", data: Bytes.zeros(8)),
        idArray("of times", .idsBadType, descr: "'<M8[s]'", data: Bytes.zeros(16)),
        idArray("of two dimensions", .idsBadType, descr: "'<i4'", shape: "(2, 2)", data: Bytes.zeros(16)),
        idArray("of two empty dimensions", .idsBadType, descr: "'<i4'", shape: "(0, 0)", data: []),
        idArray("of no dimension", .idsTooFew, descr: "'<i4'", shape: "()", data: Bytes.zeros(4)),
        idArray("too few", .idsTooFew, descr: "'<i4'", shape: "(1,)", data: Bytes.zeros(4)),
        idArray("none", .idsTooFew, descr: "'<i4'", shape: "(0,)", data: []),
        idArray("too many", .idsTooMany, descr: "'|u1'", shape: "(3,)", data: [1, 2, 3]),
        idArray("cut", .truncated, descr: "'<i4'", data: Bytes.zeros(7)),
        idArray("with bytes after them", .trailingBytes, descr: "'<i4'", data: Bytes.zeros(9)),
        idArray("beyond all sizes", .badShape, descr: "'<i8'", shape: "(9223372036854775807,)", data: []),
        idArray("of text without characters", .idEmpty, descr: "'<U0'", data: [], rows: [0, 1]),
        idArray("doubled integers", .idsDuplicate, descr: "'|i1'", data: [5, 5], rows: [1]),
        idArray("doubled text", .idsDuplicate, descr: "'<U2'", data: text([97, 0], [97, 0]), rows: [1]),
        idArray("of surrogates", .idsNotUTF8, descr: "'<U1'", data: text([97], [0xd800]), rows: [1]),
        idArray("of no code points", .idsNotUTF8, descr: "'<U1'", data: text([0x11_0000], [97]), rows: [0]),
        idArray("of text in the other byte order", .idsNotUTF8, descr: "'>U1'", data: text([97], [98]), rows: [0, 1]),
        idArray("of bytes that are not UTF-8", .idsNotUTF8, descr: "'|S1'", data: [97, 0xff], rows: [1]),
        idArray("empty text", .idEmpty, descr: "'|S1'", data: [0, 97], rows: [0]),
        idArray(
            "long text", .idTooLong, descr: "'|S501'", data: [97] + Bytes.zeros(500) + Array(repeating: 98, count: 501),
            rows: [1]),
        idArray(
            "text that is long in UTF-8 only", .idTooLong, descr: "'<U251'",
            data: text([97] + Array(repeating: 0, count: 250), Array(repeating: 0xe9, count: 251)), rows: [1]),
    ]

    static let idFiles: [BadShard] = [
        ids("empty", .idsTooFew, []),
        ids("too few", .idsTooFew, Array("a\n".utf8)),
        ids("too many", .idsTooMany, Array("a\nb\nc\n".utf8)),
        ids("a blank line at the end", .idsTooMany, Array("a\nb\n\n".utf8)),
        ids("an empty line", .idEmpty, Array("a\n\n".utf8), rows: [1]),
        ids("an empty line with CRLF", .idEmpty, Array("\r\nb\r\n".utf8), rows: [0]),
        ids("doubled", .idsDuplicate, Array("a\na".utf8), rows: [1]),
        ids("doubled but for the line ends", .idsDuplicate, Array("a\r\na\n".utf8), rows: [1]),
        ids("not UTF-8", .idsNotUTF8, [0x61, 0x0a, 0xc0, 0x80], rows: [1]),
        ids("UTF-16", .idsNotUTF8, [0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x62, 0], rows: [0]),
        ids("too long", .idTooLong, Array(repeating: 0x61, count: 501) + [0x0a, 0x62], rows: [0]),
        BadShard(
            name: "ids file: larger than the limit", code: .tooLarge, bytes: goodMatrix, ids: Bytes.zeros(1_001),
            maximumBytes: 1_000),
    ]
}
