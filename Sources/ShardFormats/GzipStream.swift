internal import CZlib

/// Decompresses a gzip stream (RFC 1952) that arrives in parts; computed by zlib.
///
/// For example:
///
///     let gzip = GzipStream()
///     var bytes: [UInt8] = []
///     try gzip.decompress([0x1f, 0x8b, 8]) { bytes += $0 }
///     let isWhole = gzip.isComplete
@safe package final class GzipStream {
    /// The error of bytes that are not gzip, or are damaged.
    package struct Damaged: Error {}

    /// The most bytes that are decompressed at a time.
    private static let sliceBytes = 64 << 10

    // zlib keeps the stream's address.
    private let stream: UnsafeMutablePointer<z_stream>

    /// Whether the bytes so far are a whole stream: one member or more (RFC 1952, section 2.2).
    package private(set) var isComplete = false

    /// Starts a stream.
    package init() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 16 more than the window means gzip.
        let size = unsafe Int32(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(stream, MAX_WBITS + 16, zlibVersion(), size) == Z_OK else {
            fatalError("zlib has no memory for a stream")
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// Decompresses the next part.
    ///
    /// - Parameter use: is called with the decompressed bytes, a slice at a time.
    /// - Throws: ``Damaged``, and the errors of `use`.
    package func decompress(_ part: [UInt8], _ use: ([UInt8]) throws -> Void) throws {
        var read = 0
        var hasMore = false
        while read < part.count || hasMore {
            if isComplete {
                // Another member follows.
                guard unsafe inflateReset(stream) == Z_OK else { throw Damaged() }
                isComplete = false
            }
            let step = try inflate(part, from: read)
            read += step.consumed
            // With a full slice, zlib can hold back more.
            hasMore = step.bytes.count == Self.sliceBytes && !isComplete
            if !step.bytes.isEmpty { try use(step.bytes) }
        }
    }

    /// Decompresses up to one slice of `part` from `start` on.
    private func inflate(_ part: [UInt8], from start: Int) throws(Damaged) -> (consumed: Int, bytes: [UInt8]) {
        var status = Z_OK
        var consumed = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.sliceBytes) { target, count in
            count = unsafe part.withUnsafeBufferPointer { source in
                let available = source.count - start
                unsafe stream.pointee.next_in = source.baseAddress.map {
                    unsafe UnsafeMutablePointer(mutating: $0 + start)
                }
                unsafe stream.pointee.avail_in = uInt(available)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = uInt(target.count)
                status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                consumed = unsafe available - Int(stream.pointee.avail_in)
                return unsafe target.count - Int(stream.pointee.avail_out)
            }
        }
        switch status {
        case Z_STREAM_END: isComplete = true
        case Z_OK: break
        // Without anything more to read, nothing was held back.
        case Z_BUF_ERROR where start == part.count: break
        default: throw Damaged()
        }
        return (consumed, bytes)
    }
}
