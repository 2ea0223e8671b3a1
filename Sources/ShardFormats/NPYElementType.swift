/// The type of the elements of an .npy array, from `descr` in its header.
enum NPYElementType: Equatable {
    case float(FloatFormat)
    /// `f1`, as numpy saves arrays of float8_e5m2 (a type of the package ml_dtypes).
    case float8
    /// `f12` or `f16`: C's long double.
    case longDouble(byteCount: Int)
    case complex(byteCount: Int)
    case boolean
    case integer(IntegerFormat)
    /// UTF-32 text with a fixed number of code points, padded with NUL.
    case text(characters: Int, isBigEndian: Bool)
    /// A fixed number of bytes, padded with NUL.
    case bytes(count: Int)
    /// Bytes without a type (`V`), as numpy saves arrays of most types of the package ml_dtypes.
    case void(byteCount: Int, isBigEndian: Bool)
    /// Pickled Python objects.
    case objects
    case structure
    /// Any other type string.
    case other(String)

    /// The size of an element in bytes; `nil` if it is not known or not fixed.
    var byteCount: Int? {
        switch self {
        case .float(let format): format.byteCount
        case .float8, .boolean: 1
        case .longDouble(let byteCount), .complex(let byteCount), .void(let byteCount, _): byteCount
        case .integer(let format): format.byteCount
        case .text(let characters, _): characters * 4
        case .bytes(let count): count
        case .objects, .structure, .other: nil
        }
    }

    /// The name of the type for an error message.
    var name: String {
        switch self {
        case .float(let format): "float\(format.byteCount * 8)"
        case .float8: "float8 numbers"
        case .longDouble: "long doubles"
        case .complex: "complex numbers"
        case .boolean: "booleans"
        case .integer(let format): "\(format.isSigned ? "int" : "uint")\(format.byteCount * 8)"
        case .text: "text"
        case .bytes: "byte strings"
        case .void(let byteCount, _): "elements of type V\(byteCount), which does not say what the bytes mean"
        case .objects: "pickled Python objects, which nnnd never unpickles"
        case .structure: "structured elements"
        case .other(let descr): "elements of type \(Excerpt.quote(descr))"
        }
    }

    /// The format of the numbers; `nil` if vectors can't have this type.
    func floatFormat(v2Elements: V2Elements) -> FloatFormat? {
        switch self {
        case .float(let format): format
        case .void(2, let isBigEndian) where v2Elements == .bfloat16:
            FloatFormat(width: .bfloat16, isBigEndian: isBigEndian)
        default: nil
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
        let digits = rest.dropFirst()
        let isNumber = !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let size = isNumber ? Int(String(decoding: digits, as: UTF8.self)) : nil
        if let kind = rest.first, let size {
            self = Self(kind: kind, size: size, isBigEndian: isBigEndian) ?? .other(descr)
        } else {
            self = rest.elementsEqual("O".utf8) ? .objects : .other(descr)
        }
    }

    /// The type of this kind and size; `nil` if it is unknown.
    private init?(kind: UInt8, size: Int, isBigEndian: Bool) {
        switch (kind, size) {
        case (UInt8(ascii: "f"), 1): self = .float8
        case (UInt8(ascii: "f"), 2): self = .float(FloatFormat(width: .half, isBigEndian: isBigEndian))
        case (UInt8(ascii: "f"), 4): self = .float(FloatFormat(width: .single, isBigEndian: isBigEndian))
        case (UInt8(ascii: "f"), 8): self = .float(FloatFormat(width: .double, isBigEndian: isBigEndian))
        case (UInt8(ascii: "f"), 12), (UInt8(ascii: "f"), 16): self = .longDouble(byteCount: size)
        case (UInt8(ascii: "c"), 8), (UInt8(ascii: "c"), 16), (UInt8(ascii: "c"), 24), (UInt8(ascii: "c"), 32):
            self = .complex(byteCount: size)
        case (UInt8(ascii: "b"), 1): self = .boolean
        case (UInt8(ascii: "i"), 1), (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4), (UInt8(ascii: "i"), 8):
            self = .integer(IntegerFormat(byteCount: size, isSigned: true, isBigEndian: isBigEndian))
        case (UInt8(ascii: "u"), 1), (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4), (UInt8(ascii: "u"), 8):
            self = .integer(IntegerFormat(byteCount: size, isSigned: false, isBigEndian: isBigEndian))
        case (UInt8(ascii: "U"), ...(Int.max / 4)): self = .text(characters: size, isBigEndian: isBigEndian)
        case (UInt8(ascii: "S"), _): self = .bytes(count: size)
        case (UInt8(ascii: "V"), _): self = .void(byteCount: size, isBigEndian: isBigEndian)
        case (UInt8(ascii: "O"), _): self = .objects
        default: return nil
        }
    }
}
