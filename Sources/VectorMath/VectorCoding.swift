internal import CKernels

/// Converts vectors of floats into their stored form and back.
///
/// A stored vector has its components one after another in the store's ``Precision``.
package struct VectorCoding: Sendable {
    /// The type of the stored components.
    package let precision: Precision

    package init(_ precision: Precision) {
        self.precision = precision
    }

    /// Writes `values` in stored form to `bytes`, beginning at byte `offset`.
    ///
    /// Values are rounded to the nearest one of the precision, ties to even.
    package func encode(_ values: Span<Float>, into bytes: inout MutableRawSpan, at offset: Int = 0) {
        precondition(bytes.byteCount - offset >= values.count * precision.byteCount)
        unsafe bytes.withUnsafeMutableBytes { target in
            unsafe values.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress, let start = target.baseAddress else { return }
                let to = unsafe start + offset
                switch precision {
                case .float32: unsafe to.copyMemory(from: from, byteCount: source.count * 4)
                case .float16:
                    unsafe ck_half_from_float(from, source.count, to.assumingMemoryBound(to: UInt16.self))
                }
            }
        }
    }

    /// Calls `body` with stored vectors as floats.
    ///
    /// Stored floats are passed in place. Others are converted into `scratch`.
    package func withFloats<R>(_ bytes: RawSpan, scratch: FloatScratch, _ body: (Span<Float>) throws -> R) rethrows
        -> R
    {
        guard precision == .float16 else { return try NumberView.withFloats(bytes, body) }
        let count = bytes.byteCount / 2
        if scratch.values.count < count { scratch.values = Array(repeating: 0, count: count) }
        decode(bytes, into: &scratch.values)
        let values = scratch.values
        return try body(values.span.extracting(first: count))
    }

    /// The values that are read back after `values` have been stored.
    package func rounded(_ values: [Float]) -> [Float] {
        guard precision == .float16 else { return values }
        var stored = [UInt16](repeating: 0, count: values.count)
        var span = stored.mutableSpan
        var bytes = unsafe span.mutableBytes
        encode(values.span, into: &bytes)
        return unsafe decode(stored.span.bytes)
    }

    /// Converts stored vectors to floats.
    package func decode(_ bytes: RawSpan) -> [Float] {
        var values = [Float](repeating: 0, count: bytes.byteCount / precision.byteCount)
        decode(bytes, into: &values)
        return values
    }

    /// Converts stored vectors to floats, and writes them to `values`, beginning at index `start`.
    package func decode(_ bytes: RawSpan, into values: inout [Float], at start: Int = 0) {
        let count = bytes.byteCount / precision.byteCount
        precondition(start + count <= values.count)
        unsafe bytes.withUnsafeBytes { source in
            unsafe values.withUnsafeMutableBufferPointer { target in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                switch precision {
                case .float32: unsafe UnsafeMutableRawPointer(to + start).copyMemory(from: from, byteCount: count * 4)
                case .float16:
                    unsafe ck_float_from_half(from.assumingMemoryBound(to: UInt16.self), count, to + start)
                }
            }
        }
    }
}

/// Memory into which one thread converts stored vectors, again and again.
package final class FloatScratch {
    fileprivate var values: [Float] = []

    /// Makes empty memory, which grows when it is used.
    package init() {}
}
