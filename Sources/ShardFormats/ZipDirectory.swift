/// The central directory of a zip archive (APPNOTE.TXT, section 4.3.12).
struct ZipDirectory {
    /// The maximum number of members; archives of arrays have far fewer.
    private static let maximumMembers = 4_096

    /// The members, in the order of the directory.
    ///
    /// Their names are all different, and their bytes do not overlap.
    let members: [ZipMember]

    /// Reads the directory of a whole archive.
    ///
    /// - Throws: `not_a_shard`, `truncated`, `trailing_bytes`, `bad_archive`.
    init(_ archive: Span<UInt8>) throws(ShardError) {
        try Self.checkStart(archive)
        let count = archive.count
        let suffix = archive.extracting(max(0, count - ZipEnd.maximumByteCount)..<count)
        let end = try ZipEnd(suffix: suffix, byteCount: count)
        guard end.memberCount <= Self.maximumMembers else {
            throw .badArchive("it has \(end.memberCount) members, and at most \(Self.maximumMembers) are allowed")
        }
        var members: [ZipMember] = []
        var position = end.directory.lowerBound
        for _ in 0..<end.memberCount {
            let entry = try ZipDirectoryEntry(archive, at: position, limit: end.directory.upperBound)
            members.append(entry.member)
            position = entry.end
        }
        guard position == end.directory.upperBound else {
            throw .badArchive("the size of its central directory is wrong")
        }
        self.members = members
        try checkNames()
        try checkOffsets(archive, before: end.directory.lowerBound)
    }

    /// Checks that the first bytes are those of a zip archive, with or without members.
    ///
    /// - Throws: `not_a_shard`.
    static func checkStart(_ archive: Span<UInt8>) throws(ShardError) {
        let starts: [[UInt8]] = [[0x50, 0x4b, 3, 4], [0x50, 0x4b, 5, 6], [0x50, 0x4b, 6, 6]]
        guard starts.contains(where: { archive.mayStart(with: $0) }) else { throw .wrongStart(of: "a zip archive") }
    }

    private func checkNames() throws(ShardError) {
        var names: Set<[UInt8]> = []
        for member in members where !names.insert(Array(member.name.utf8)).inserted {
            throw .badArchive("two members are named \(Excerpt.quote(member.name))")
        }
    }

    /// Checks that the members overlap neither each other nor the central directory, which begins at `limit`.
    private func checkOffsets(_ archive: Span<UInt8>, before limit: Int) throws(ShardError) {
        var previousEnd = 0
        for member in members.sorted(by: { $0.offset < $1.offset }) {
            guard member.offset >= previousEnd else { throw .badArchive("two members overlap") }
            previousEnd = try member.dataRange(in: archive).upperBound
            guard previousEnd <= limit else { throw .badArchive("a member overlaps the central directory") }
        }
    }
}
