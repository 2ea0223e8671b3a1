internal import CZlib

/// Decompresses raw deflate streams and computes checksums, with zlib.
enum Inflater {
    /// The maximum number of bytes that one byte of a deflate stream can produce.
    private static let maximumRatio = 1_032

    /// Decompresses a deflate stream.
    ///
    /// It writes at most `byteCount` + 1 bytes. If a stream of this length can't produce `byteCount` bytes, it
    /// allocates no memory.
    ///
    /// - Parameters:
    ///   - compressed: the stream.
    ///   - byteCount: the required number of decompressed bytes.
    /// - Returns: `nil` if the stream is invalid, or if it does not produce exactly `byteCount` bytes.
    static func inflate(_ compressed: Span<UInt8>, byteCount: Int) -> [UInt8]? {
        guard byteCount >= 0, byteCount / maximumRatio <= compressed.count else { return nil }
        var isComplete = false
        // One byte more than expected: with it, zlib can reach the end of the stream, or the stream is too long.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount + 1) { target, initialized in
            let written = unsafe compressed.withUnsafeBytes { unsafe run($0, into: target, capacity: byteCount + 1) }
            isComplete = written == byteCount
            initialized = isComplete ? byteCount : 0
        }
        return isComplete ? bytes : nil
    }

    /// The CRC-32 of `bytes`.
    static func checksum(_ bytes: RawSpan) -> UInt32 {
        unsafe bytes.withUnsafeBytes { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return UInt32(truncatingIfNeeded: unsafe crc32_z(crc32_z(0, nil, 0), start, z_size_t(buffer.count)))
        }
    }

    /// Decompresses `source` into `target`, which has `capacity` bytes.
    ///
    /// - Returns: the number of bytes written; `nil` if `source` isn't exactly one complete stream, or its content does
    ///   not fit.
    private static func run(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<UInt8>, capacity: Int
    ) -> Int? {
        guard let from = source.baseAddress, let to = target.baseAddress else { return nil }
        var stream = unsafe z_stream()
        // zlib keeps the address of the stream, so all calls are in this closure, in which the address is fixed.
        return unsafe withUnsafeMutablePointer(to: &stream) { stream in
            let size = unsafe Int32(MemoryLayout<z_stream>.size)
            guard unsafe inflateInit2_(stream, -MAX_WBITS, zlibVersion(), size) == Z_OK else { return nil }
            defer { unsafe inflateEnd(stream) }
            // The counts of zlib have 32 bits, so each call gets a part of at most 1 GiB.
            let part = 1 << 30
            var read = 0
            var written = 0
            while true {
                let available = min(part, source.count - read)
                let space = min(part, capacity - written)
                unsafe stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: from.assumingMemoryBound(to: UInt8.self) + read)
                unsafe stream.pointee.avail_in = uInt(available)
                unsafe stream.pointee.next_out = to + written
                unsafe stream.pointee.avail_out = uInt(space)
                let status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                let consumed = unsafe available - Int(stream.pointee.avail_in)
                let produced = unsafe space - Int(stream.pointee.avail_out)
                read += consumed
                written += produced
                if status == Z_STREAM_END { return read == source.count ? written : nil }
                guard status == Z_OK, consumed > 0 || produced > 0 else { return nil }
            }
        }
    }
}
