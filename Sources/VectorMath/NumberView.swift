/// Reads and changes the bytes of stored values as numbers.
///
/// The `with` methods copy nothing. The number of bytes and their alignment must fit the type of the numbers, unless a
/// method allows otherwise.
package enum NumberView {
    /// Calls `body` with `bytes` as floats.
    package static func withFloats<R>(_ bytes: RawSpan, _ body: (Span<Float>) throws -> R) rethrows -> R {
        try unsafe bytes.withUnsafeBytes { raw in
            try unsafe body(raw.assumingMemoryBound(to: Float.self).span)
        }
    }

    /// Calls `body` with `bytes` as mutable floats.
    package static func withMutableFloats<R>(
        _ bytes: inout MutableRawSpan, _ body: (inout MutableSpan<Float>) throws -> R
    ) rethrows -> R {
        try unsafe bytes.withUnsafeMutableBytes { raw in
            var span = unsafe raw.assumingMemoryBound(to: Float.self).mutableSpan
            return try body(&span)
        }
    }

    /// Calls `body` with `bytes` as 32-bit integers.
    package static func withIntegers<R>(_ bytes: RawSpan, _ body: (Span<UInt32>) throws -> R) rethrows -> R {
        try unsafe bytes.withUnsafeBytes { raw in
            try unsafe body(raw.assumingMemoryBound(to: UInt32.self).span)
        }
    }

    /// Calls `body` with `bytes` as mutable 32-bit integers.
    package static func withMutableIntegers<R>(
        _ bytes: inout MutableRawSpan, _ body: (inout MutableSpan<UInt32>) throws -> R
    ) rethrows -> R {
        try unsafe bytes.withUnsafeMutableBytes { raw in
            var span = unsafe raw.assumingMemoryBound(to: UInt32.self).mutableSpan
            return try body(&span)
        }
    }

    /// Copies `integers` to `target`, beginning at index `start`.
    package static func copy(_ integers: Span<UInt32>, to target: inout MutableSpan<UInt32>, at start: Int) {
        precondition(start >= 0 && start + integers.count <= target.count)
        unsafe integers.withUnsafeBufferPointer { source in
            unsafe target.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + start).update(from: from, count: source.count)
            }
        }
    }

    /// Copies floats.
    package static func floats(_ bytes: RawSpan) -> [Float] {
        withFloats(bytes) { floats in floats.indices.map { floats[$0] } }
    }

    /// Copies bytes of stored floats, whose number is a multiple of four.
    package static func floats(of bytes: [UInt8]) -> [Float] {
        precondition(bytes.count % 4 == 0)
        return unsafe bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: 4).map { unsafe raw.loadUnaligned(fromByteOffset: $0, as: Float.self) }
        }
    }

    /// Copies bytes of stored 32-bit integers, whose number is a multiple of four.
    package static func integers(of bytes: [UInt8]) -> [UInt32] {
        precondition(bytes.count % 4 == 0)
        return unsafe bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: 4).map { unsafe raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self) }
        }
    }

    /// Copies bytes.
    package static func bytes(_ span: RawSpan) -> [UInt8] {
        unsafe span.withUnsafeBytes { unsafe Array($0) }
    }

    /// Reads a 16-bit integer from two bytes of any alignment.
    package static func uint16(_ bytes: RawSpan) -> UInt16 {
        precondition(bytes.byteCount == 2)
        return unsafe bytes.unsafeLoadUnaligned(as: UInt16.self)
    }

    /// Reads a 32-bit integer from four bytes of any alignment.
    package static func uint32(_ bytes: RawSpan) -> UInt32 {
        precondition(bytes.byteCount == 4)
        return unsafe bytes.unsafeLoadUnaligned(as: UInt32.self)
    }

    /// Reads a 64-bit integer from eight bytes of any alignment.
    package static func uint64(_ bytes: RawSpan) -> UInt64 {
        precondition(bytes.byteCount == 8)
        return unsafe bytes.unsafeLoadUnaligned(as: UInt64.self)
    }
}
