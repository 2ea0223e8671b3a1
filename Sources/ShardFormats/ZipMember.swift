/// One member of a zip archive, as the central directory describes it.
struct ZipMember {
    let name: String
    /// The general purpose bit flag.
    let flags: UInt16
    /// The compression method: 0 stored, 8 deflated.
    let method: UInt16
    /// The CRC-32 of the content.
    let checksum: UInt32
    /// The bytes in the archive.
    let compressedByteCount: Int
    /// The bytes of the content.
    let byteCount: Int
    /// Where its local header starts, in bytes from the start of the archive.
    let offset: Int

    /// Calls `body` with the content: in place if it is stored, else inflated.
    ///
    /// - Parameter maximumBytes: the most bytes that the content can have; checked before anything is inflated.
    /// - Throws: `unsupported_compression`, `too_large`, `bad_archive`, and what `body` throws.
    func withContents<R>(
        of archive: Span<UInt8>, maximumBytes: Int, _ body: (Span<UInt8>) throws(ShardError) -> R
    ) throws(ShardError) -> R {
        // Bits 0, 6 and 13: encrypted, strongly encrypted, headers masked.
        guard flags & 0x2041 == 0 else { throw .unsupportedCompression("is encrypted") }
        guard method == 0 || method == 8 else { throw .unsupportedCompression("uses compression method \(method)") }
        guard byteCount <= maximumBytes else { throw .tooLarge(byteCount: byteCount, limit: maximumBytes) }
        let data = archive.extracting(try dataRange(in: archive))
        if method == 0 {
            guard byteCount == compressedByteCount else { throw .badArchive("a stored member has two sizes") }
            try check(data)
            return try body(data)
        }
        guard let contents = Inflater.inflate(data, byteCount: byteCount) else {
            throw .badArchive("a member does not inflate to its stated size")
        }
        try check(contents.span)
        return try body(contents.span)
    }

    /// The range of the compressed bytes: after the local header, whose fields must agree with the directory.
    func dataRange(in archive: Span<UInt8>) throws(ShardError) -> Range<Int> {
        guard archive.integer(at: offset) == ZipSignature.localHeader,
            let method: UInt16 = archive.integer(at: offset + 8),
            let nameLength: UInt16 = archive.integer(at: offset + 26),
            let extraLength: UInt16 = archive.integer(at: offset + 28)
        else { throw .badArchive("a member has no local header") }
        let nameStart = offset + 30
        let start = nameStart + Int(nameLength) + Int(extraLength)
        guard let name = archive.copy(nameStart..<nameStart + Int(nameLength)),
            name.elementsEqual(self.name.utf8), method == self.method
        else { throw .badArchive("a local header contradicts the central directory") }
        guard start <= archive.count, compressedByteCount <= archive.count - start else {
            throw .badArchive("a member lies outside the archive")
        }
        return start..<start + compressedByteCount
    }

    private func check(_ contents: Span<UInt8>) throws(ShardError) {
        guard Inflater.checksum(contents) == checksum else { throw .badArchive("a checksum does not match") }
    }
}
