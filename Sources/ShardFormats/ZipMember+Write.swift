extension ZipMember {
    /// The size in bytes of the local header of a member and its record in the central directory, without its name.
    static let headerByteCounts = (local: 30, directory: 46)
    /// The offset of the checksum in the local header, in bytes.
    static let checksumOffset = 14
    /// 1980-01-01, the first date that an archive can have (APPNOTE.TXT, section 4.4.6).
    private static let date: UInt16 = 1 << 5 | 1
    /// The version of the format that readers must know: 2.0.
    private static let version: UInt16 = 20

    /// Makes a member that is stored without compression.
    ///
    /// - Parameters:
    ///   - byteCount: the size of the content, below 4 GiB.
    ///   - offset: the offset of the local header from the start of the archive, below 4 GiB.
    init(storing name: String, byteCount: Int, checksum: UInt32, offset: Int) {
        self.init(
            name: name, flags: 0, method: 0, checksum: checksum, compressedByteCount: byteCount, byteCount: byteCount,
            offset: offset)
    }

    /// Appends the local header (APPNOTE.TXT, section 4.3.7).
    func appendLocalHeader(to output: inout OutputRawSpan) {
        output.append(little: ZipSignature.localHeader)
        appendCommonFields(to: &output)
        output.append(name.utf8)
    }

    /// Appends the record in the central directory (APPNOTE.TXT, section 4.3.12).
    func appendDirectoryEntry(to output: inout OutputRawSpan) {
        output.append(little: ZipSignature.centralHeader)
        output.append(little: Self.version)
        appendCommonFields(to: &output)
        // No comment, the first disk, no attributes.
        output.append(repeatElement(0, count: 10))
        output.append(little: UInt32(offset))
        output.append(name.utf8)
    }

    private func appendCommonFields(to output: inout OutputRawSpan) {
        output.append(little: Self.version)
        output.append(little: flags)
        output.append(little: method)
        // The time, midnight.
        output.append(little: UInt16(0))
        output.append(little: Self.date)
        output.append(little: checksum)
        output.append(little: UInt32(compressedByteCount))
        output.append(little: UInt32(byteCount))
        output.append(little: UInt16(name.utf8.count))
        // The size of extra fields.
        output.append(little: UInt16(0))
    }
}
