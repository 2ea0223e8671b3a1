/// The format of floating-point numbers in a file: width and byte order.
struct FloatFormat: Sendable, Equatable {
    /// The width; the raw value is in bytes.
    enum Width: Int, Sendable {
        case half = 2
        case single = 4
        case double = 8
    }

    let width: Width
    let isBigEndian: Bool

    /// Bytes per number.
    var byteCount: Int { width.rawValue }

    /// Whether the numbers have the same bytes as a `Float` in the memory of this machine.
    var isNative: Bool { width == .single && isBigEndian == (UInt16(1).bigEndian == 1) }
}
