/// Whether a file is complete, judged by its header and size.
///
/// A producer may still be writing it.
package enum ShardCompleteness: Sendable, Equatable {
    /// The file has the size that its header states.
    ///
    /// The data can still be missing, because some programs set the size of a file before they write its data.
    case complete
    /// The file is shorter than its header states, or ends within the header.
    case incomplete
    /// The file is wrong, and more data can't change that: its first bytes or its header are wrong, or it is longer
    /// than the header states.
    case malformed

    /// Compares the size of a file with the size that its header states.
    fileprivate init(size: Int, expected: Int) {
        self = size == expected ? .complete : size < expected ? .incomplete : .malformed
    }
}

extension ShardReader {
    /// Whether a file is complete; see ``completeness(_:size:read:)``.
    package static func isComplete<E: Error>(
        _ format: ShardFormat, size: Int, read: (Range<Int>) throws(E) -> [UInt8]
    ) throws(E) -> Bool {
        try completeness(format, size: size, read: read) == .complete
    }

    /// Determines whether a file is complete, without reading all of it.
    ///
    /// The header of an .npy or .safetensors file states the size of the file. An .npz file is complete if it ends with
    /// the end record of a zip archive.
    ///
    /// - Parameters:
    ///   - format: the format, according to the file name.
    ///   - size: the size of the file in bytes.
    ///   - read: returns the bytes of the file in a range below `size`, or fewer bytes if the file has become shorter.
    ///     It is called at most twice, for at most 100 MB (.safetensors), 1 MiB (.npy) or 66 kB (.npz).
    /// - Throws: only what `read` throws.
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
        // Nearly all headers are shorter than one page.
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

    /// Compares `size` with the size that a header states.
    ///
    /// - Parameters:
    ///   - size: the size of the file in bytes.
    ///   - header: the bytes with the header.
    ///   - expected: returns the size that the header states; throws `truncated` if the header is incomplete.
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
