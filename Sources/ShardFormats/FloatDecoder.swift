internal import Glibc

/// Converts a file's numbers to float32, in loops that the compiler vectorises.
///
/// float16 and float32 are exact; float64 is rounded to nearest, and to infinity beyond the range of float32.
struct FloatDecoder {
    let format: FloatFormat

    /// A matrix of the `rows` x `dimension` numbers in `bytes`; another count is a programmer error.
    ///
    /// - Parameter isFortranOrder: whether the numbers lie column after column.
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

    /// Asks for large pages behind new memory, as most of the time goes into getting it page by page.
    static func preferLargePages(_ memory: UnsafeMutableRawBufferPointer) {
        let page = 1 << 21
        // The allocator gives so large a block a mapping of its own, and unmaps it as a whole.
        guard memory.count >= 32 * page, let start = memory.baseAddress else { return }
        let skipped = page - Int(bitPattern: start) % page
        // An error only means pages of the usual size.
        _ = unsafe madvise(start + skipped, (memory.count - skipped) / page * page, MADV_HUGEPAGE)
    }

    /// Decodes columns in square tiles, so that source and target stay in the caches.
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

    /// The float32 of the same value as the bits of a float16.
    ///
    /// A normal number keeps its significand and gets the other exponent bias (127 - 15 = 112); infinities and NaN get
    /// it twice, which takes the exponent from 31 to 255; a subnormal one is a count of 2^-24, which float32 holds
    /// exactly.
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
