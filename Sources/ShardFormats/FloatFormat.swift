/// The format of floating-point numbers in a file: width and byte order.
struct FloatFormat: Sendable, Equatable {
    /// The width, and for two bytes which of the two formats.
    enum Width: Sendable {
        /// float16, with a significand of 10 bits.
        case half
        /// bfloat16, with a significand of 7 bits: the upper half of a float32.
        case bfloat16
        case single
        case double
    }

    let width: Width
    let isBigEndian: Bool

    /// Bytes per number.
    var byteCount: Int {
        switch width {
        case .half, .bfloat16: 2
        case .single: 4
        case .double: 8
        }
    }

    /// Whether the numbers have the same bytes as a `Float` in the memory of this machine.
    var isNative: Bool { width == .single && isBigEndian == (UInt16(1).bigEndian == 1) }
}
