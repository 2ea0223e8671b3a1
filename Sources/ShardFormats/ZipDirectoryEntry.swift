/// One record of the central directory of a zip archive, with its zip64 extension (APPNOTE.TXT, sections 4.3.12 and
/// 4.5.3).
struct ZipDirectoryEntry {
    /// The size in bytes of the record's fields before the name.
    private static let byteCount = 46

    let member: ZipMember
    /// The end of the record: the offset of the next record in the archive.
    let end: Int

    /// Reads the record at the offset `position`, which must end at or before the offset `limit`.
    ///
    /// - Throws: `bad_archive`.
    init(_ archive: Span<UInt8>, at position: Int, limit: Int) throws(ShardError) {
        guard position <= limit - Self.byteCount, archive.integer(at: position) == ZipSignature.centralHeader,
            let flags: UInt16 = archive.integer(at: position + 8),
            let method: UInt16 = archive.integer(at: position + 10),
            let checksum: UInt32 = archive.integer(at: position + 16),
            let nameLength: UInt16 = archive.integer(at: position + 28),
            let extraLength: UInt16 = archive.integer(at: position + 30),
            let commentLength: UInt16 = archive.integer(at: position + 32)
        else { throw .badArchive("its central directory is incomplete") }
        let nameEnd = position + Self.byteCount + Int(nameLength)
        let extraEnd = nameEnd + Int(extraLength)
        end = extraEnd + Int(commentLength)
        guard end <= limit, let name = archive.copy(position + Self.byteCount..<nameEnd),
            let name = String(validating: name, as: UTF8.self)
        else { throw .badArchive("a member's name is incomplete or not UTF-8") }

        var extra = Zip64Extra(archive, in: nameEnd..<extraEnd)
        guard let size = extra.value(archive.integer(at: position + 24)),
            let compressedSize = extra.value(archive.integer(at: position + 20)),
            let offset = extra.value(archive.integer(at: position + 42)),
            let disk: UInt16 = archive.integer(at: position + 34), disk == 0 || disk == .max,
            offset <= position
        else { throw .badArchive("the sizes or the offset of a member are out of range") }
        member = ZipMember(
            name: name, flags: flags, method: method, checksum: checksum, compressedByteCount: compressedSize,
            byteCount: size, offset: offset)
    }
}

/// The zip64 extension of a record: 64-bit values for fields that are too small.
///
/// If all bits of a field are 1, the extension has the value of the field. The values are in the order of the fields.
private struct Zip64Extra {
    /// The values not yet used, in reverse order.
    private var values: [UInt64] = []

    /// Finds the extension (identifier 1) among the extensions in `range`; without one, there are no values.
    init(_ archive: Span<UInt8>, in range: Range<Int>) {
        var position = range.lowerBound
        while position + 4 <= range.upperBound, let id: UInt16 = archive.integer(at: position),
            let length: UInt16 = archive.integer(at: position + 2)
        {
            let start = position + 4
            let end = start + Int(length)
            guard end <= range.upperBound else { return }
            if id == 1 {
                for offset in stride(from: start, through: end - 8, by: 8) {
                    if let value: UInt64 = archive.integer(at: offset) { values.append(value) }
                }
                values.reverse()
                return
            }
            position = end
        }
    }

    /// The value of a field, from the extension if all bits of the field are 1; `nil` if it is missing or too large.
    mutating func value(_ field: UInt32?) -> Int? {
        guard let field else { return nil }
        return field == .max ? values.popLast().flatMap { Int(exactly: $0) } : Int(field)
    }
}
