/// The records at the end of a zip archive, which say where the central directory is (APPNOTE.TXT, sections 4.3.14 to
/// 4.3.16).
///
/// These must follow each other without gaps: the central directory, the zip64 end record and its locator (if there are
/// any), and the end record.
struct ZipEnd {
    /// The maximum size of these records, in bytes: the end record with the longest comment, the locator, the zip64
    /// end.
    static let maximumByteCount = 22 + 65_535 + 20 + 56

    /// The number of members.
    let memberCount: Int
    /// The range of the central directory, in bytes from the start of the archive.
    let directory: Range<Int>

    /// Finds and reads the records in the last bytes of an archive.
    ///
    /// - Parameters:
    ///   - suffix: the last ``maximumByteCount`` bytes of the archive, or the whole archive if it is shorter.
    ///   - byteCount: the size of the whole archive in bytes.
    /// - Throws: `truncated` if there is no end record, `trailing_bytes` if bytes follow it, `bad_archive`.
    init(suffix: Span<UInt8>, byteCount: Int) throws(ShardError) {
        let start = byteCount - suffix.count
        let position = try Self.position(in: suffix, byteCount: byteCount)
        let fields = try Fields(suffix, position: position, start: start)
        let (end, overflows) = fields.directoryOffset.addingReportingOverflow(fields.directoryByteCount)
        guard fields.directoryOffset >= 0, fields.directoryByteCount >= 0, !overflows, end == fields.directoryEnd else {
            throw .badArchive("its central directory is at another offset than its end record states")
        }
        memberCount = fields.memberCount
        directory = fields.directoryOffset..<end
    }

    /// The offset in `suffix` of the end record: the last one whose comment ends at the end of the archive.
    private static func position(in suffix: Span<UInt8>, byteCount: Int) throws(ShardError) -> Int {
        // The end of the last end record that other bytes follow.
        var earlyEnd: Int?
        var position = suffix.count - 22
        while position >= 0 {
            if suffix.integer(at: position) == ZipSignature.end, let comment: UInt16 = suffix.integer(at: position + 20)
            {
                let end = position + 22 + Int(comment)
                if end == suffix.count { return position }
                if end < suffix.count, earlyEnd == nil { earlyEnd = end }
            }
            position -= 1
        }
        guard let earlyEnd else {
            throw ShardError(
                code: .truncated, message: "The zip archive has no end record, so its central directory is missing.",
                advice: "Write the whole file under another name first, then rename it into the spool.")
        }
        throw .trailingBytes(byteCount: byteCount, expected: byteCount - suffix.count + earlyEnd)
    }
}

extension ZipEnd {
    /// The fields of the end record, or of the zip64 end record if there is one.
    private struct Fields {
        var memberCount: Int
        var directoryByteCount: Int
        var directoryOffset: Int
        /// The offset in the archive of the first of the end records; the central directory must end there.
        var directoryEnd: Int

        /// Reads the records.
        ///
        /// - Parameters:
        ///   - position: the offset of the end record in `suffix`.
        ///   - start: the offset of `suffix` in the archive.
        init(_ suffix: Span<UInt8>, position: Int, start: Int) throws(ShardError) {
            guard let disk: UInt16 = suffix.integer(at: position + 4),
                let firstDisk: UInt16 = suffix.integer(at: position + 6),
                let membersHere: UInt16 = suffix.integer(at: position + 8),
                let members: UInt16 = suffix.integer(at: position + 10),
                let size: UInt32 = suffix.integer(at: position + 12),
                let offset: UInt32 = suffix.integer(at: position + 16)
            else { throw .badArchive("its end record is incomplete") }
            memberCount = Int(members)
            directoryByteCount = Int(size)
            directoryOffset = Int(offset)
            directoryEnd = start + position
            if suffix.integer(at: position - 20) == ZipSignature.zip64Locator {
                try readZip64(suffix, locator: position - 20, start: start)
            } else {
                guard disk == 0, firstDisk == 0, membersHere == members else {
                    throw .badArchive("it spans several files")
                }
                guard members != .max, size != .max, offset != .max else {
                    throw .badArchive("its zip64 end record is missing")
                }
            }
        }

        private mutating func readZip64(_ suffix: Span<UInt8>, locator: Int, start: Int) throws(ShardError) {
            guard let recordOffset: UInt64 = suffix.integer(at: locator + 8),
                let offset = Int(exactly: recordOffset), offset >= start, offset <= start + locator - 56
            else { throw .badArchive("its zip64 end record is at another offset than its locator states") }
            let record = offset - start
            guard suffix.integer(at: record) == ZipSignature.zip64End,
                let length: UInt64 = suffix.integer(at: record + 4), length == UInt64(locator - record - 12),
                let disk: UInt32 = suffix.integer(at: record + 16), disk == 0,
                let firstDisk: UInt32 = suffix.integer(at: record + 20), firstDisk == 0,
                let membersHere: UInt64 = suffix.integer(at: record + 24),
                let members: UInt64 = suffix.integer(at: record + 32), members == membersHere,
                let size: UInt64 = suffix.integer(at: record + 40),
                let directory: UInt64 = suffix.integer(at: record + 48),
                let memberCount = Int(exactly: members), let directoryByteCount = Int(exactly: size),
                let directoryOffset = Int(exactly: directory)
            else { throw .badArchive("its zip64 end record is malformed") }
            self.memberCount = memberCount
            self.directoryByteCount = directoryByteCount
            self.directoryOffset = directoryOffset
            directoryEnd = offset
        }
    }
}
