extension NPYHeader {
    /// The bytes of an .npy file before its data: version 1.0, C order, padded so that the data is aligned to 64 bytes.
    ///
    /// - Parameters:
    ///   - descriptor: the type of the elements, as numpy writes it: `<f4`.
    ///   - shape: the sizes along the dimensions; empty for an array of one element without dimensions.
    static func bytes(descriptor: String, shape: [Int]) -> [UInt8] {
        let start = 10
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(sizes)), }"
        let dataOffset = (start + text.utf8.count + 1 + 63) / 64 * 64
        var bytes: [UInt8] = [0x93]
        bytes += "NUMPY".utf8
        bytes += [1, 0, UInt8((dataOffset - start) & 0xff), UInt8((dataOffset - start) >> 8)]
        bytes += text.utf8
        bytes += Array(repeating: UInt8(ascii: " "), count: dataOffset - bytes.count - 1)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
