/// The type of the elements of an .npy array, from `descr` in its header.
enum NPYElementType: Equatable {
    case float(FloatFormat)
    case integer(IntegerFormat)
    /// UTF-32 text with a fixed number of code points, padded with NUL.
    case text(characters: Int, isBigEndian: Bool)
    /// A fixed number of bytes, padded with NUL.
    case bytes(count: Int)
    /// Any other type, which is never read; the value is its name for an error message.
    case other(String)

    /// The size of an element in bytes; `nil` for ``other(_:)``.
    var byteCount: Int? {
        switch self {
        case .float(let format): format.byteCount
        case .integer(let format): format.byteCount
        case .text(let characters, _): characters * 4
        case .bytes(let count): count
        case .other: nil
        }
    }

    /// The name of the type for an error message.
    var name: String {
        switch self {
        case .float(let format): "float\(format.byteCount * 8)"
        case .integer(let format): "\(format.isSigned ? "int" : "uint")\(format.byteCount * 8)"
        case .text: "text"
        case .bytes: "byte strings"
        case .other(let name): name
        }
    }

    /// Parses a type string such as `<f4`: byte order, kind, size.
    ///
    /// The byte order is `<` (little-endian), `>` (big-endian), or that of the machine (`=`, `|` or nothing).
    init(descr: String) {
        var rest = descr.utf8[...]
        var isBigEndian = UInt16(1).bigEndian == 1
        switch rest.first {
        case UInt8(ascii: "<"): isBigEndian = false
        case UInt8(ascii: ">"): isBigEndian = true
        default: break
        }
        if let first = rest.first, "<>=|".utf8.contains(first) { rest = rest.dropFirst() }
        let kind = rest.first
        let digits = rest.dropFirst()
        let isNumber = !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let size = isNumber ? Int(String(decoding: digits, as: UTF8.self)) : nil
        self = .other("elements of type \(Excerpt.quote(descr))")
        guard let kind, let size else { return }
        switch kind {
        case UInt8(ascii: "f"):
            guard let width = FloatFormat.Width(rawValue: size) else { return }
            self = .float(FloatFormat(width: width, isBigEndian: isBigEndian))
        case UInt8(ascii: "i"), UInt8(ascii: "u"):
            guard [1, 2, 4, 8].contains(size) else { return }
            let isSigned = kind == UInt8(ascii: "i")
            self = .integer(IntegerFormat(byteCount: size, isSigned: isSigned, isBigEndian: isBigEndian))
        case UInt8(ascii: "U"):
            guard size <= Int.max / 4 else { return }
            self = .text(characters: size, isBigEndian: isBigEndian)
        case UInt8(ascii: "S"): self = .bytes(count: size)
        default: return
        }
    }
}
