internal import FoundationEssentials

/// The header of a .safetensors file: its tensors by name.
///
/// The format is eight bytes with the length of the header (little-endian), the header (a JSON object), and the data.
/// Offsets count from the end of the header; the tensors fill the data without gaps or overlaps.
struct SafeTensorsHeader {
    /// The most bytes of a header; longer ones are rejected.
    ///
    /// The reference implementation allows 100 MB, but decoded JSON can take 25 times the memory of its text.
    static let maximumByteCount = 1 << 24
    /// The bytes at the start of the file that hold the length of the header.
    static let lengthByteCount = 8

    /// The tensors by name.
    let tensors: [String: Tensor]
    /// Where the data start, in bytes from the start of the file.
    let dataOffset: Int
    /// The bytes of the whole file.
    let fileByteCount: Int

    /// The description of a tensor in the header.
    struct Tensor: Decodable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype
            case shape
            case dataOffsets = "data_offsets"
        }
    }

    /// Reads the header at the start of `bytes`.
    ///
    /// - Throws: `truncated` if the bytes are the start of a header; else `not_a_shard`, `bad_header` or `bad_shape`.
    init(_ bytes: Span<UInt8>) throws(ShardError) {
        let length = try Self.byteCount(bytes)
        let dataOffset = Self.lengthByteCount + length
        guard let text = bytes.copy(Self.lengthByteCount..<dataOffset) else {
            throw .truncatedHeader(of: "a .safetensors file")
        }
        do {
            tensors = try JSONDecoder().decode(Tensors.self, from: Data(text)).byName
        } catch {
            throw .badHeader("it is not the JSON that describes tensors")
        }
        let dataByteCount = try Self.dataByteCount(tensors)
        guard dataByteCount <= Int.max - dataOffset else {
            throw .badHeader("the offsets of a tensor are out of range")
        }
        self.dataOffset = dataOffset
        fileByteCount = dataOffset + dataByteCount
    }

    /// The length of the JSON text in a file that starts with `bytes`.
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

    /// The bytes of the data: the end of the last tensor, where each tensor begins at the end of the one before.
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
    /// Bytes per element of the types whose elements are whole bytes.
    private static let itemByteCounts = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
        "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]

    /// The tensor's bytes within the data, as many as its shape and type take.
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

    /// The number format of an array of vectors, or `nil` if it is not supported.
    var floatFormat: FloatFormat? {
        switch dtype {
        case "F16": FloatFormat(width: .half, isBigEndian: false)
        case "F32": FloatFormat(width: .single, isBigEndian: false)
        case "F64": FloatFormat(width: .double, isBigEndian: false)
        default: nil
        }
    }

    /// The number format of ids, or `nil` if the elements are not integers.
    var integerFormat: IntegerFormat? {
        guard ["U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64"].contains(dtype) else { return nil }
        return Self.itemByteCounts[dtype].map { byteCount in
            IntegerFormat(byteCount: byteCount, isSigned: dtype.hasPrefix("I"), isBigEndian: false)
        }
    }
}

/// The JSON object: tensors by name, and `__metadata__`, which is ignored.
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
