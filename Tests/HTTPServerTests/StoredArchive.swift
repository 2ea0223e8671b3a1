import Testing

/// An .npz file without compression, read from its local headers.
struct StoredArchive {
    /// An array: the Python dictionary that describes it, and its data.
    struct Array {
        let header: String
        let data: [UInt8]

        var floats: [Float] { numbers(UInt32.self).map(Float.init(bitPattern:)) }
        /// The elements, if each takes `width` code points.
        func texts(width: Int) -> [String] {
            let codePoints = numbers(UInt32.self)
            return stride(from: 0, to: codePoints.count, by: width).map { start in
                let text = codePoints[start..<start + width].filter { $0 != 0 }.compactMap(Unicode.Scalar.init)
                return String(String.UnicodeScalarView(text))
            }
        }
        func numbers<T: FixedWidthInteger>(_: T.Type) -> [T] {
            let size = T.bitWidth / 8
            return stride(from: 0, to: data.count, by: size).map { StoredArchive.little(data[$0..<$0 + size]) }
        }
    }

    private(set) var names: [String] = []
    private(set) var arrays: [String: Array] = [:]

    init(_ bytes: [UInt8]) {
        var start = 0
        while bytes[start..<start + 4].elementsEqual([0x50, 0x4b, 3, 4]) {
            let size: Int = Self.little(bytes[start + 22..<start + 26])
            let nameEnd = start + 30 + Self.little(bytes[start + 26..<start + 28])
            let name = String(decoding: bytes[start + 30..<nameEnd], as: UTF8.self)
            let file = bytes[nameEnd..<nameEnd + size]
            let dataStart = nameEnd + 10 + Self.little(file[nameEnd + 8..<nameEnd + 10])
            let header = String(decoding: file[nameEnd + 10..<dataStart], as: UTF8.self)
            names.append(name)
            arrays[name] = Array(header: header, data: [UInt8](file[dataStart...]))
            start = nameEnd + size
        }
    }

    /// The array in a member.
    func callAsFunction(_ name: String) throws -> Array {
        try #require(arrays[name])
    }

    private static func little<T: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>) -> T {
        bytes.reversed().reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }
}
