/// The header of an .npy file: the type of the elements, the memory order, the shape, and the offset of the data.
///
/// Versions 1.0, 2.0 and 3.0, as `numpy.lib.format` describes them: the bytes 93 4E 55 4D 50 59, the version (two
/// bytes), the length of the rest (two bytes little-endian, from 2.0 on four), and a Python dictionary with exactly
/// the keys `descr`, `fortran_order` and `shape`.
struct NPYHeader {
    /// The maximum size of the dictionary, in bytes; arrays of numbers need far less.
    static let maximumByteCount = 1 << 20
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    let element: NPYElementType
    let isFortranOrder: Bool
    /// The sizes along the dimensions of the array; none is negative.
    let shape: [Int]
    /// The offset of the data, in bytes from the start of the file.
    let dataOffset: Int

    /// Reads the header at the start of `bytes`.
    ///
    /// - Throws: `truncated` if the bytes end within the header; `not_a_shard`, `unsupported_version`, `bad_header`,
    ///   `bad_shape`.
    init(_ bytes: Span<UInt8>) throws(ShardError) {
        guard bytes.mayStart(with: Self.magic) else { throw .wrongStart(of: "an .npy file") }
        guard let major: UInt8 = bytes.integer(at: 6), let minor: UInt8 = bytes.integer(at: 7) else {
            throw .truncatedHeader(of: "an .npy file")
        }
        guard (1...3).contains(major), minor == 0 else { throw .unsupportedVersion(major, minor) }
        let length: Int?
        let start: Int
        if major == 1 {
            length = bytes.integer(at: 8, as: UInt16.self).map(Int.init)
            start = 10
        } else {
            length = bytes.integer(at: 8, as: UInt32.self).map(Int.init)
            start = 12
        }
        guard let length else { throw .truncatedHeader(of: "an .npy file") }
        guard length <= Self.maximumByteCount else {
            throw .tooLongHeader(UInt64(length), of: "an .npy file", limit: Self.maximumByteCount)
        }
        guard let text = bytes.copy(start..<start + length) else { throw .truncatedHeader(of: "an .npy file") }
        let fields = try Fields(text)
        element = fields.element
        isFortranOrder = fields.isFortranOrder
        shape = fields.shape
        dataOffset = start + length
    }

    /// The size of the whole file in bytes, as the header states it.
    ///
    /// - Throws: `unsupported_dtype` if the size of the elements is not known, `bad_shape` if the size overflows.
    func fileByteCount() throws(ShardError) -> Int {
        guard let itemByteCount = element.byteCount else { throw .unsupportedDtype(element) }
        guard let byteCount = ArrayShape.byteCount(shape, itemByteCount: itemByteCount),
            byteCount <= Int.max - dataOffset
        else { throw .overflowingShape }
        return dataOffset + byteCount
    }
}

extension NPYHeader {
    /// The three entries of the dictionary.
    private struct Fields {
        let element: NPYElementType
        let isFortranOrder: Bool
        let shape: [Int]

        init(_ text: [UInt8]) throws(ShardError) {
            let literal: PythonLiteral
            do {
                literal = try PythonLiteralParser.parse(text)
            } catch {
                throw .badHeader("it is not a Python literal from byte \(error.offset) on")
            }
            guard case .dictionary(let entries) = literal else { throw .badHeader("it is not a dictionary") }
            func value(_ key: String) throws(ShardError) -> PythonLiteral {
                let found = entries.filter { $0.key == .string(key) }
                guard found.count == 1, let entry = found.first else {
                    throw .badHeader("it has the key \(key) \(found.count) times instead of once")
                }
                return entry.value
            }
            let descr = try value("descr")
            let order = try value("fortran_order")
            let shape = try value("shape")
            guard entries.count == 3 else { throw .badHeader("it has other keys than descr, fortran_order and shape") }
            guard case .boolean(let isFortranOrder) = order else {
                throw .badHeader("fortran_order is not True or False")
            }
            self.element = try Self.element(descr)
            self.isFortranOrder = isFortranOrder
            self.shape = try Self.sizes(shape)
        }

        private static func element(_ descr: PythonLiteral) throws(ShardError) -> NPYElementType {
            switch descr {
            case .string(let text): return NPYElementType(descr: text)
            case .list, .tuple, .dictionary: return .structure
            default: throw .badHeader("descr is neither a string nor a list")
            }
        }

        private static func sizes(_ shape: PythonLiteral) throws(ShardError) -> [Int] {
            guard case .tuple(let values) = shape else { throw .badHeader("shape is not a tuple") }
            var sizes: [Int] = []
            for value in values {
                guard case .integer(let size) = value else {
                    throw .badHeader("shape contains a value that is not an integer")
                }
                guard let size else { throw .overflowingShape }
                guard size >= 0 else { throw .badShape("a size is negative") }
                sizes.append(size)
            }
            return sizes
        }
    }
}
