/// The header of a .safetensors file: a JSON object that describes the tensors.
///
/// The file has eight bytes with the length of the header (little-endian), the header, and the data. Offsets in the
/// header count from the end of the header. The tensors fill the data without gaps or overlaps.
///
/// Of a tensor that is neither vectors nor ids, only the range is kept. So reading a header takes little more memory
/// than its text, however many tensors it describes.
struct SafeTensorsHeader {
    /// The maximum size of the JSON text in bytes, which is that of the reference implementation.
    static let maximumByteCount = 100_000_000
    /// The size of the number at the start of the file, in bytes: the length of the JSON text.
    static let lengthByteCount = 8

    /// The tensor `embeddings`.
    private(set) var embeddings: Tensor?
    /// The tensor `ids`.
    private(set) var ids: Tensor?
    /// The first of the tensors with other names.
    private(set) var other: Tensor?
    /// The number of tensors with other names than `embeddings` and `ids`.
    private(set) var otherCount = 0
    /// The offset of the data, in bytes from the start of the file.
    let dataOffset: Int
    /// The size of the whole file in bytes, as the header states it.
    private(set) var fileByteCount = 0

    /// The description of a tensor in the header.
    struct Tensor {
        let dtype: String
        /// The sizes along the dimensions; none is negative.
        let shape: [Int]
        /// The bytes of the tensor, from the end of the header.
        let range: Range<Int>
    }

    /// Reads the header at the start of `bytes`.
    ///
    /// - Throws: `truncated` if the bytes end within the header; `not_a_shard`, `bad_header`, `bad_shape`.
    init(_ bytes: Span<UInt8>) throws(ShardError) {
        let length = try Self.byteCount(bytes)
        dataOffset = Self.lengthByteCount + length
        guard let text = bytes.copy(Self.lengthByteCount..<dataOffset) else {
            throw .truncatedHeader(of: "a .safetensors file")
        }
        let dataByteCount = try Self.dataByteCount(try readTensors(text))
        guard dataByteCount <= Int.max - dataOffset else {
            throw .badHeader("the offsets of a tensor are out of range")
        }
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
        guard claimed >= 2 else { throw .badHeader("its length is \(claimed)") }
        guard let length = Int(exactly: claimed), length <= maximumByteCount else {
            throw .tooLongHeader(claimed, of: "a .safetensors file", limit: maximumByteCount)
        }
        return length
    }

    /// Reads the JSON object, whose keys are the names of the tensors, and returns the ranges of all tensors.
    ///
    /// The key `__metadata__` is ignored.
    private mutating func readTensors(_ text: [UInt8]) throws(ShardError) -> [Range<Int>] {
        var scanner = try JSONScanner(
            text, failure: .badHeader("it is not a JSON object that describes tensors"))
        var ranges: [Range<Int>] = []
        try scanner.object { scanner, name throws(ShardError) in
            if name == "__metadata__" { return try scanner.skipValue() }
            let tensor = try Tensor(&scanner)
            ranges.append(tensor.range)
            switch name {
            case "embeddings":
                guard embeddings == nil else { throw .badHeader("two tensors are named embeddings") }
                embeddings = tensor
            case "ids":
                guard ids == nil else { throw .badHeader("two tensors are named ids") }
                ids = tensor
            default:
                other = other ?? tensor
                otherCount += 1
            }
        }
        try scanner.expectEnd()
        return ranges
    }

    /// The size of the data in bytes.
    ///
    /// Checks that each tensor begins at the end of the previous tensor.
    private static func dataByteCount(_ ranges: consuming [Range<Int>]) throws(ShardError) -> Int {
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
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1,
        "F8_E5M2FNUZ": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2, "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8,
        "F64": 8, "C64": 8,
    ]

    /// The maximum number of dimensions, which is that of numpy.
    private static let maximumDimensions = 64

    /// Reads the description of a tensor, a JSON object.
    ///
    /// Checks that the length of its range agrees with its shape and type.
    ///
    /// - Throws: `bad_header`, `bad_shape`.
    fileprivate init(_ scanner: inout JSONScanner) throws(ShardError) {
        var dtype: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, key throws(ShardError) in
            switch key {
            case "dtype": dtype = try scanner.string()
            case "shape": shape = try scanner.integers(limit: Self.maximumDimensions)
            case "data_offsets": offsets = try scanner.integers(limit: 2)
            default: try scanner.skipValue()
            }
        }
        guard let dtype, let shape, let offsets else {
            throw .badHeader("a tensor has no dtype, shape or data_offsets")
        }
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
            throw .badHeader("the offsets of a tensor are out of range")
        }
        guard shape.allSatisfy({ $0 >= 0 }) else { throw .badShape("a size is negative") }
        if let itemByteCount = Self.itemByteCounts[dtype] {
            guard let byteCount = ArrayShape.byteCount(shape, itemByteCount: itemByteCount) else {
                throw .overflowingShape
            }
            guard byteCount == offsets[1] - offsets[0] else {
                throw .badShape("the offsets of a tensor contradict its shape and type")
            }
        }
        self.init(dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// The format of the numbers; `nil` if vectors can't have this type.
    var floatFormat: FloatFormat? {
        switch dtype {
        case "F16": FloatFormat(width: .half, isBigEndian: false)
        case "BF16": FloatFormat(width: .bfloat16, isBigEndian: false)
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
