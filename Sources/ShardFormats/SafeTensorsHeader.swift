internal import FoundationEssentials

/// The header of a .safetensors file: a JSON object that describes the tensors.
///
/// The file has eight bytes with the length of the header (little-endian), the header, and the data. Offsets in the
/// header count from the end of the header. The tensors fill the data without gaps or overlaps.
struct SafeTensorsHeader {
    /// The maximum size of the JSON text, in bytes.
    ///
    /// The reference implementation allows 100 MB, but decoded JSON can take 25 times the memory of its text.
    static let maximumByteCount = 1 << 24
    /// The size of the number at the start of the file, in bytes: the length of the JSON text.
    static let lengthByteCount = 8

    /// The tensors by name.
    let tensors: [String: Tensor]
    /// The offset of the data, in bytes from the start of the file.
    let dataOffset: Int
    /// The size of the whole file in bytes, as the header states it.
    let fileByteCount: Int

    /// The description of a tensor in the header.
    struct Tensor: Decodable {
        let dtype: String
        let shape: [Int]
        /// The start and the end of the tensor, in bytes from the end of the header.
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype
            case shape
            case dataOffsets = "data_offsets"
        }
    }

    /// Reads the header at the start of `bytes`.
    ///
    /// - Throws: `truncated` if the bytes end within the header; `not_a_shard`, `bad_header`, `bad_shape`.
    init(_ bytes: Span<UInt8>) throws(ShardError) {
        let length = try Self.byteCount(bytes)
        let dataOffset = Self.lengthByteCount + length
        guard let text = bytes.copy(Self.lengthByteCount..<dataOffset) else {
            throw .truncatedHeader(of: "a .safetensors file")
        }
        do {
            tensors = try JSONDecoder().decode(Tensors.self, from: Data(text)).byName
        } catch {
            throw .badHeader("it is not a JSON object that describes tensors")
        }
        let dataByteCount = try Self.dataByteCount(tensors)
        guard dataByteCount <= Int.max - dataOffset else {
            throw .badHeader("the offsets of a tensor are out of range")
        }
        self.dataOffset = dataOffset
        fileByteCount = dataOffset + dataByteCount
    }

    /// The length of the JSON text, in bytes.
    ///
    /// - Parameter bytes: at least the first nine bytes of the file.
    /// - Throws: `truncated`, `not_a_shard`, `bad_header`.
    static func byteCount(_ bytes: Span<UInt8>) throws(ShardError) -> Int {
        guard let claimed: UInt64 = bytes.integer(at: 0), let first: UInt8 = bytes.integer(at: lengthByteCount) else {
            throw .truncatedHeader(of: "a .safetensors file")
        }
        guard first == UInt8(ascii: "{") else { throw .wrongStart(of: "a .safetensors file") }
        guard claimed >= 2, let length = Int(exactly: claimed), length <= maximumByteCount else {
            throw .badHeader("it has \(claimed) bytes, and 2 to \(maximumByteCount) are allowed")
        }
        return length
    }

    /// The size of the data in bytes.
    ///
    /// Checks that each tensor begins at the end of the previous tensor.
    private static func dataByteCount(_ tensors: [String: Tensor]) throws(ShardError) -> Int {
        var ranges: [Range<Int>] = []
        for tensor in tensors.values { ranges.append(try tensor.range()) }
        ranges.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        var end = 0
        for range in ranges {
            guard range.lowerBound == end else { throw .badHeader("the tensors overlap or leave a gap") }
            end = range.upperBound
        }
        return end
    }
}

extension SafeTensorsHeader.Tensor {
    /// The element sizes in bytes.
    ///
    /// Types with elements of less than a byte are missing.
    private static let itemByteCounts = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
        "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]

    /// The range of the tensor's bytes in the data.
    ///
    /// Checks that its length agrees with shape and type.
    ///
    /// - Throws: `bad_header`, `bad_shape`.
    func range() throws(ShardError) -> Range<Int> {
        guard dataOffsets.count == 2, dataOffsets[0] >= 0, dataOffsets[0] <= dataOffsets[1] else {
            throw .badHeader("the offsets of a tensor are out of range")
        }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw .badShape("a size is negative") }
        if let itemByteCount = Self.itemByteCounts[dtype] {
            guard let byteCount = ArrayShape.byteCount(shape, itemByteCount: itemByteCount) else {
                throw .overflowingShape
            }
            guard byteCount == dataOffsets[1] - dataOffsets[0] else {
                throw .badShape("the offsets of a tensor contradict its shape and type")
            }
        }
        return dataOffsets[0]..<dataOffsets[1]
    }

    /// The format of the numbers; `nil` if vectors can't have this type.
    var floatFormat: FloatFormat? {
        switch dtype {
        case "F16": FloatFormat(width: .half, isBigEndian: false)
        case "F32": FloatFormat(width: .single, isBigEndian: false)
        case "F64": FloatFormat(width: .double, isBigEndian: false)
        default: nil
        }
    }

    /// The format of the integers; `nil` if the elements are not integers.
    var integerFormat: IntegerFormat? {
        guard ["U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64"].contains(dtype) else { return nil }
        return Self.itemByteCounts[dtype].map { byteCount in
            IntegerFormat(byteCount: byteCount, isSigned: dtype.hasPrefix("I"), isBigEndian: false)
        }
    }
}

/// The decoded JSON object: tensors by name.
///
/// The key `__metadata__` is ignored.
private struct Tensors: Decodable {
    let byName: [String: SafeTensorsHeader.Tensor]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var byName: [String: SafeTensorsHeader.Tensor] = [:]
        for key in container.allKeys where key.stringValue != "__metadata__" {
            byName[key.stringValue] = try container.decode(SafeTensorsHeader.Tensor.self, forKey: key)
        }
        self.byName = byName
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            return nil
        }
    }
}
