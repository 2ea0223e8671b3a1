/// Whether a file that is perhaps still being written is complete, judged by its header and size.
package enum ShardCompleteness: Sendable, Equatable {
    /// The header and the size agree.
    ///
    /// The numbers can still be missing: some writers set the size first and fill the file afterwards.
    case complete
    /// The file is shorter than its header says, or too short for a header.
    case incomplete
    /// The file can't become a shard by growing: its start or header is wrong, or it is longer than the header says.
    case malformed

    /// Compares the size of a file with the size that its header says.
    fileprivate init(size: Int, expected: Int) {
        self = size == expected ? .complete : size < expected ? .incomplete : .malformed
    }
}

extension ShardReader {
    /// Whether header and size of a file agree; see ``completeness(_:size:read:)``.
    package static func isComplete<E: Error>(
        _ format: ShardFormat, size: Int, read: (Range<Int>) throws(E) -> [UInt8]
    ) throws(E) -> Bool {
        try completeness(format, size: size, read: read) == .complete
    }

    /// Tells a complete file from one that is still growing, without reading all of it.
    ///
    /// For .npy and .safetensors the header says how long the file is; an .npz is complete when it ends in the end of
    /// a central directory.
    ///
    /// - Parameters:
    ///   - format: the format that the file's name states.
    ///   - size: the file's size in bytes.
    ///   - read: reads the bytes of the file in a range within `size`; fewer if the file has shrunk since. It is called
    ///     at most twice, for at most 16 MiB (.safetensors), 1 MiB (.npy) or 66 kB (.npz).
    /// - Throws: what `read` throws, and nothing else.
    package static func completeness<E: Error>(
        _ format: ShardFormat, size: Int, read: (Range<Int>) throws(E) -> [UInt8]
    ) throws(E) -> ShardCompleteness {
        guard size > 0 else { return .incomplete }
        switch format {
        case .npy: return try npyCompleteness(size: size, read: read)
        case .npz: return try npzCompleteness(size: size, read: read)
        case .safetensors: return try safeTensorsCompleteness(size: size, read: read)
        }
    }

    private static func npyCompleteness<E: Error>(size: Int, read: (Range<Int>) throws(E) -> [UInt8]) throws(E)
        -> ShardCompleteness
    {
        let usual = min(size, 4_096)
        var result = Self.result(size: size, header: try read(0..<usual)) { header throws(ShardError) in
            try NPYHeader(header).fileByteCount()
        }
        if result == .incomplete, size > usual {
            let longest = min(size, NPYHeader.maximumByteCount + 12)
            result = Self.result(size: size, header: try read(0..<longest)) { header throws(ShardError) in
                try NPYHeader(header).fileByteCount()
            }
        }
        return result
    }

    private static func npzCompleteness<E: Error>(size: Int, read: (Range<Int>) throws(E) -> [UInt8]) throws(E)
        -> ShardCompleteness
    {
        let start = try read(0..<min(size, 4))
        let suffix = try read(max(0, size - ZipEnd.maximumByteCount)..<size)
        return result(size: size, header: suffix) { suffix throws(ShardError) in
            try ZipDirectory.checkStart(start.span)
            _ = try ZipEnd(suffix: suffix, byteCount: size)
            return size
        }
    }

    private static func safeTensorsCompleteness<E: Error>(size: Int, read: (Range<Int>) throws(E) -> [UInt8]) throws(E)
        -> ShardCompleteness
    {
        let lengthByteCount = SafeTensorsHeader.lengthByteCount
        let start = try read(0..<min(size, lengthByteCount + 1))
        var headerByteCount = 0
        let result = Self.result(size: size, header: start) { start throws(ShardError) in
            headerByteCount = lengthByteCount + (try SafeTensorsHeader.byteCount(start))
            return size
        }
        guard result == .complete else { return result }
        guard headerByteCount <= size else { return .incomplete }
        return Self.result(size: size, header: try read(0..<headerByteCount)) { header throws(ShardError) in
            try SafeTensorsHeader(header).fileByteCount
        }
    }

    /// Compares `size` with the size that `expected` finds in `header`; a header that ends too early is incomplete.
    private static func result(
        size: Int, header: [UInt8], expected: (Span<UInt8>) throws(ShardError) -> Int
    ) -> ShardCompleteness {
        do throws(ShardError) {
            return ShardCompleteness(size: size, expected: try expected(header.span))
        } catch {
            return error.code == .truncated ? .incomplete : .malformed
        }
    }
}
