/// Builds files byte by byte, so that a test can make one thing in them wrong.
enum Bytes {
    /// The little-endian bytes of an integer.
    static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// The little-endian bytes of floats.
    static func floats(_ values: [Float]) -> [UInt8] {
        values.flatMap { little($0.bitPattern) }
    }

    /// An .npy file with this header text.
    static func npy(header: String, data: [UInt8] = [], major: UInt8 = 1, minor: UInt8 = 0) -> [UInt8] {
        let text = Array(header.utf8)
        let length = major == 1 ? little(UInt16(text.count)) : little(UInt32(text.count))
        return [0x93] + Array("NUMPY".utf8) + [major, minor] + length + text + data
    }

    /// An .npy file with these header entries, written as Python literals.
    static func npy(descr: String = "'<f4'", order: String = "False", shape: String, data: [UInt8]) -> [UInt8] {
        npy(header: "{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }\n", data: data)
    }

    /// A .safetensors file with this header text.
    static func safeTensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
        little(UInt64(header.utf8.count)) + Array(header.utf8) + data
    }

    /// `count` bytes of 0.
    static func zeros(_ count: Int) -> [UInt8] {
        Array(repeating: 0, count: count)
    }
}
