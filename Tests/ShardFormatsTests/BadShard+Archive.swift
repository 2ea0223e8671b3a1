import ShardFormats

extension BadShard {
    private static let good = ZipBuilder.Member(name: "embeddings.npy", data: goodMatrix)

    private static func archive(_ change: (inout ZipBuilder) -> Void) -> [UInt8] {
        var builder = ZipBuilder(members: [good])
        change(&builder)
        return builder.build()
    }

    private static func member(_ change: (inout ZipBuilder.Member) -> Void) -> [UInt8] {
        ZipBuilder.one(goodMatrix, change)
    }

    /// A zip64 extension with these values, for fields of the record whose bits are all 1.
    private static func zip64(_ values: [UInt64]) -> [UInt8] {
        Bytes.little(1 as UInt16) + Bytes.little(UInt16(values.count * 8)) + values.flatMap { Bytes.little($0) }
    }

    static let archives: [BadShard] = [
        npz("empty file", .truncated, []),
        npz("text", .notAShard, Array("PKWARE is not a zip archive, but text about it".utf8)),
        npz("an .npy file", .notAShard, goodMatrix),
        npz("cut in the middle", .truncated, Array(archive { _ in }.prefix(100))),
        npz("a byte too few", .truncated, archive { _ in }.dropLast()),
        npz("a byte too many", .trailingBytes, archive { $0.trailer = [0] }),
        npz("no members", .missingArray, archive { $0.members = [] }),
        npz("only ids", .missingArray, archive { $0.members[0].name = "ids.npy" }),
        npz(
            "two arrays", .ambiguousArray,
            archive { $0.members = ["a.npy", "b.npy"].map { ZipBuilder.Member(name: $0, data: goodMatrix) } }),
        npz("a member twice", .badArchive, archive { $0.members = [good, good] }),
        npz(
            "overlapping members", .badArchive,
            archive {
                $0.members = [good, good]
                $0.members[1].name = "ids.npy"
                $0.members[1].localName = "ids.npy"
                $0.members[0].compressedByteCount = UInt32(goodMatrix.count + 20)
                $0.members[0].byteCount = UInt32(goodMatrix.count + 20)
            }),
        npz(
            "two members in one place", .badArchive,
            archive {
                $0.members = [good, good]; $0.members[1].offset = 0
            }),
        npz(
            "a member over the directory", .badArchive, member { $0.compressedByteCount = UInt32(goodMatrix.count + 1) }
        ),
        npz("a member beyond the end", .badArchive, member { $0.compressedByteCount = 0x7fff_ffff }),
        npz("an offset beyond the end", .badArchive, member { $0.offset = 0x7fff_ffff }),
        npz("an offset to nowhere", .badArchive, member { $0.offset = 3 }),
        npz("another name in front of the data", .badArchive, member { $0.localName = "ids.npy" }),
        npz("a wrong checksum", .badArchive, member { $0.checksum = 1 }),
        npz("two sizes for stored bytes", .badArchive, member { $0.byteCount = UInt32(goodMatrix.count - 1) }),
        npz("a name that is not UTF-8", .badArchive, replacing("embeddings.npy", with: 0xff)),
        npz("encrypted", .unsupportedCompression, member { $0.flags = 1 }),
        npz("strongly encrypted", .unsupportedCompression, member { $0.flags = 0x41 }),
        npz("method 12", .unsupportedCompression, member { $0.method = 12 }),
        npz("no deflate stream", .badArchive, member { $0.method = 8 }),
        npz(
            "a member above the limit", .tooLarge,
            member {
                $0.method = 8; $0.byteCount = 65_537
            }),
        npz("more members than announced", .badArchive, archive { $0.memberCount = 0 }),
        npz("fewer members than announced", .badArchive, archive { $0.memberCount = 2 }),
        npz("too many members", .badArchive, archive { $0.memberCount = 5_000 }),
        npz("several disks", .badArchive, archive { $0.disk = 1 }),
        npz("the directory elsewhere", .badArchive, archive { $0.directoryOffset = 0 }),
        npz("the directory beyond the end", .badArchive, archive { $0.directoryOffset = 0xffff_fff0 }),
        npz("a directory of another size", .badArchive, archive { $0.directoryByteCount = 10 }),
        npz("zip64 without its end", .badArchive, archive { $0.directoryOffset = .max }),
        npz("zip64 without its sizes", .badArchive, member { $0.byteCount = .max }),
        npz(
            "zip64 sizes beyond all integers", .badArchive,
            member {
                $0.byteCount = .max; $0.compressedByteCount = .max; $0.extra = zip64([.max, .max])
            }),
        npz(
            "a zip64 size of petabytes", .tooLarge,
            member {
                $0.method = 8; $0.byteCount = .max; $0.extra = zip64([1 << 50])
            }),
        npz(
            "a zip64 offset of petabytes", .badArchive,
            member {
                $0.offset = .max; $0.extra = zip64([1 << 50])
            }),
        npz(
            "an extension that ends too late", .badArchive,
            member {
                $0.byteCount = .max; $0.extra = [1, 0, 99, 0]
            }),
        npz("a member that is no .npy", .notAShard, ZipBuilder.one(Array("text".utf8 + [0, 0, 0]))),
        npz("a member that is cut", .truncated, ZipBuilder.one(goodMatrix.dropLast())),
        npz("objects", .unsupportedDtype, ZipBuilder.one(Bytes.npy(descr: "'|O'", shape: "(1, 1)", data: [0x80, 2]))),
        npz(
            "a NaN", .notFinite,
            ZipBuilder.one(Bytes.npy(shape: "(2, 1)", data: Bytes.floats([.nan, 1]))), rows: [0]),
    ]

    /// A valid archive in which the first byte of each occurrence of `text` is replaced.
    private static func replacing(_ text: String, with byte: UInt8) -> [UInt8] {
        var bytes = archive { _ in }
        for start in bytes.indices where bytes[start...].starts(with: text.utf8) { bytes[start] = byte }
        return bytes
    }
}
