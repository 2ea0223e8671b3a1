/// Writes zip archives.
///
/// Members are not compressed, but every field can be set to a wrong value.
struct ZipBuilder {
    /// A member.
    ///
    /// A field that is `nil` gets the right value.
    struct Member {
        var name: String
        var data: [UInt8]
        var flags: UInt16 = 0
        var method: UInt16 = 0
        var checksum: UInt32?
        var byteCount: UInt32?
        var compressedByteCount: UInt32?
        var offset: UInt32?
        /// The name in the local header.
        var localName: String?
        var extra: [UInt8] = []
    }

    var members: [Member]
    /// The date of all members, in the format of MS-DOS.
    var date: UInt16 = 0
    /// Bytes between the last member and the central directory.
    var gap: [UInt8] = []
    var memberCount: UInt16?
    var directoryOffset: UInt32?
    var directoryByteCount: UInt32?
    var disk: UInt16 = 0
    var comment: [UInt8] = []
    /// Bytes after the end of the archive.
    var trailer: [UInt8] = []

    func build() -> [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let offset = member.offset ?? UInt32(archive.count)
            let common =
                Bytes.little(member.flags) + Bytes.little(member.method)
                + Bytes.little(0 as UInt16) + Bytes.little(date)
                + Bytes.little(member.checksum ?? Self.checksum(member.data))
                + Bytes.little(member.compressedByteCount ?? UInt32(member.data.count))
                + Bytes.little(member.byteCount ?? UInt32(member.data.count))
            let localName = Array((member.localName ?? member.name).utf8)
            archive += Array("PK\u{3}\u{4}".utf8) + Bytes.little(20 as UInt16) + common
            archive += Bytes.little(UInt16(localName.count)) + Bytes.little(0 as UInt16) + localName + member.data
            directory += Array("PK\u{1}\u{2}".utf8) + Bytes.little(20 as UInt16) + Bytes.little(20 as UInt16) + common
            directory += Bytes.little(UInt16(member.name.utf8.count)) + Bytes.little(UInt16(member.extra.count))
            directory += Bytes.zeros(10) + Bytes.little(offset) + Array(member.name.utf8) + member.extra
        }
        archive += gap
        let count = memberCount ?? UInt16(members.count)
        let start = directoryOffset ?? UInt32(archive.count)
        archive += directory + Array("PK\u{5}\u{6}".utf8) + Bytes.little(disk) + Bytes.little(disk)
        archive += Bytes.little(count) + Bytes.little(count)
        archive += Bytes.little(directoryByteCount ?? UInt32(directory.count)) + Bytes.little(start)
        return archive + Bytes.little(UInt16(comment.count)) + comment + trailer
    }

    /// An archive with one member, `embeddings.npy`, which `change` can change.
    static func one(_ data: [UInt8], _ change: (inout Member) -> Void = { _ in }) -> [UInt8] {
        var member = Member(name: "embeddings.npy", data: data)
        change(&member)
        return ZipBuilder(members: [member]).build()
    }

    /// The CRC-32 of `data`, bit by bit.
    static func checksum(_ data: [UInt8]) -> UInt32 {
        var state = UInt32.max
        for byte in data {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        return ~state
    }
}
