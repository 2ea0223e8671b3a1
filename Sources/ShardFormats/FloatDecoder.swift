internal import Glibc

/// Converts the numbers of a file to float32, in loops that the compiler vectorises.
///
/// float16, bfloat16 and float32 are converted exactly. float64 is rounded to the nearest float32, and to infinity
/// beyond the range of float32.
struct FloatDecoder {
    let format: FloatFormat

    /// Decodes a matrix.
    ///
    /// - Parameters:
    ///   - bytes: exactly `rows` x `dimension` numbers in the format.
    ///   - rows: the number of vectors.
    ///   - dimension: the dimension of the vectors.
    ///   - isFortranOrder: whether the numbers are stored column by column, instead of row by row.
    func matrix(_ bytes: Span<UInt8>, rows: Int, dimension: Int, isFortranOrder: Bool) -> Matrix {
        let count = rows * dimension
        precondition(bytes.count == count * format.byteCount)
        let values = unsafe [Float](unsafeUninitializedCapacity: count) { target, initialized in
            unsafe bytes.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe Self.preferLargePages(UnsafeMutableRawBufferPointer(target))
                if isFortranOrder && rows > 1 && dimension > 1 {
                    unsafe transpose(from, rows: rows, dimension: dimension, into: to)
                } else {
                    unsafe decode(from, count: count, into: to)
                }
                initialized = count
            }
        }
        return Matrix(rows: rows, dimension: dimension, values: values)
    }

    /// Asks the system for huge pages of 2 MiB for newly allocated memory.
    ///
    /// Most of the time of reading a large file is spent on page faults.
    static func preferLargePages(_ memory: UnsafeMutableRawBufferPointer) {
        let page = 1 << 21
        // For such a large block, the allocator makes a separate mapping, which it unmaps as a whole.
        guard memory.count >= 32 * page, let start = memory.baseAddress else { return }
        let skipped = page - Int(bitPattern: start) % page
        // If the call fails, the memory has pages of the usual size.
        _ = unsafe madvise(start + skipped, (memory.count - skipped) / page * page, MADV_HUGEPAGE)
    }

    /// Decodes a matrix that is stored column by column, in square tiles, so that source and target stay in the caches.
    private func transpose(
        _ source: UnsafeRawPointer, rows: Int, dimension: Int, into target: UnsafeMutablePointer<Float>
    ) {
        let side = 64
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: side * side) { buffer in
            guard let tile = buffer.baseAddress else { return }
            for firstRow in stride(from: 0, to: rows, by: side) {
                let height = min(side, rows - firstRow)
                for firstColumn in stride(from: 0, to: dimension, by: side) {
                    let width = min(side, dimension - firstColumn)
                    for column in 0..<width {
                        let start = ((firstColumn + column) * rows + firstRow) * format.byteCount
                        unsafe decode(source + start, count: height, into: tile + column * side)
                    }
                    for row in 0..<height {
                        let line = unsafe target + (firstRow + row) * dimension + firstColumn
                        for column in 0..<width { unsafe line[column] = tile[column &* side &+ row] }
                    }
                }
            }
        }
    }

    private func decode(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
        if format.isNative {
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * format.byteCount)
            return
        }
        switch (format.width, format.isBigEndian) {
        case (.half, false):
            unsafe decode(source, count, target) { (bits: UInt16) in Self.float(half: UInt16(littleEndian: bits)) }
        case (.half, true):
            unsafe decode(source, count, target) { (bits: UInt16) in Self.float(half: UInt16(bigEndian: bits)) }
        case (.bfloat16, false):
            unsafe decode(source, count, target) { (bits: UInt16) in Self.float(bfloat: UInt16(littleEndian: bits)) }
        case (.bfloat16, true):
            unsafe decode(source, count, target) { (bits: UInt16) in Self.float(bfloat: UInt16(bigEndian: bits)) }
        case (.single, false):
            unsafe decode(source, count, target) { (bits: UInt32) in Float(bitPattern: UInt32(littleEndian: bits)) }
        case (.single, true):
            unsafe decode(source, count, target) { (bits: UInt32) in Float(bitPattern: UInt32(bigEndian: bits)) }
        case (.double, false):
            unsafe decode(source, count, target) { (bits: UInt64) in
                Float(Double(bitPattern: UInt64(littleEndian: bits)))
            }
        case (.double, true):
            unsafe decode(source, count, target) { (bits: UInt64) in Float(Double(bitPattern: UInt64(bigEndian: bits)))
            }
        }
    }

    @inline(__always)
    private func decode<Bits: FixedWidthInteger & BitwiseCopyable>(
        _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutablePointer<Float>, _ convert: (Bits) -> Float
    ) {
        for index in 0..<count {
            let bits = unsafe source.loadUnaligned(fromByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
            unsafe target[index] = convert(bits)
        }
    }

    /// Converts a bfloat16, given as bits, to the float32 with the same value.
    @inline(__always)
    private static func float(bfloat: UInt16) -> Float { Float(bitPattern: UInt32(bfloat) &<< 16) }

    /// Converts a float16, given as bits, to the float32 with the same value.
    ///
    /// - A normal number keeps its significand; the difference of the exponent biases (127 - 15 = 112) is added to its
    ///   exponent.
    /// - For infinity and NaN the difference is added twice, so that the exponent 31 becomes 255.
    /// - A subnormal number is an integer multiple of 2^-24, which float32 represents exactly.
    @inline(__always)
    private static func float(half: UInt16) -> Float {
        let magnitude = UInt32(half & 0x7fff)
        let sign = UInt32(half & 0x8000) &<< 16
        let bias: UInt32 = 112 &<< 23
        let normal = (magnitude &<< 13) &+ bias &+ (magnitude >= 0x7c00 ? bias : 0)
        let subnormal = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern
        return Float(bitPattern: (magnitude < 0x0400 ? subnormal : normal) | sign)
    }
}
