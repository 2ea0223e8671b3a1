/// A member (a file) of a zip archive, as the central directory describes it.
struct ZipMember {
    let name: String
    /// The general purpose bit flag.
    let flags: UInt16
    /// The compression method: 0 stored, 8 deflated.
    let method: UInt16
    /// The CRC-32 of the decompressed content.
    let checksum: UInt32
    /// The size of the compressed content, in bytes.
    let compressedByteCount: Int
    /// The size of the decompressed content, in bytes.
    let byteCount: Int
    /// The offset of the local header, in bytes from the start of the archive.
    let offset: Int

    /// Calls `body` with the content of the member, decompressed if necessary.
    ///
    /// - Parameters:
    ///   - archive: the whole archive.
    ///   - maximumBytes: the maximum size of the content in bytes; checked before anything is decompressed.
    ///   - body: called once, with the whole content.
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
            guard byteCount == compressedByteCount else { throw .badArchive("a stored member has two different sizes") }
            try check(data)
            return try body(data)
        }
        guard let contents = Inflater.inflate(data, byteCount: byteCount) else {
            throw .badArchive("a member does not inflate to its stated size")
        }
        try check(contents.span)
        return try body(contents.span)
    }

    /// The range of the compressed content in the archive.
    ///
    /// It follows the local header, whose name and method must be those of the central directory.
    ///
    /// - Throws: `bad_archive`.
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
        guard unsafe Inflater.checksum(contents.bytes) == checksum else {
            throw .badArchive("a checksum does not match")
        }
    }
}
