extension NPY {
    /// Encodes the matrix as an .npy file: version 1.0, little-endian float32, C order, data aligned to 64 bytes.
    package static func write(_ matrix: Matrix) -> [UInt8] {
        let start = 10
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(matrix.rows), \(matrix.dimension)), }"
        var header = Array(text.utf8)
        let dataOffset = (start + header.count + 1 + 63) / 64 * 64
        header += Array(repeating: UInt8(ascii: " "), count: dataOffset - start - header.count - 1)
        header.append(UInt8(ascii: "\n"))

        var bytes: [UInt8] = []
        bytes.reserveCapacity(dataOffset + matrix.values.count * 4)
        bytes.append(0x93)
        bytes += "NUMPY".utf8
        bytes += [1, 0, UInt8(header.count & 0xff), UInt8(header.count >> 8)]
        bytes += header
        if UInt16(1).littleEndian == 1 {
            unsafe matrix.values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
        } else {
            for value in matrix.values {
                let bits = value.bitPattern
                for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
            }
        }
        return bytes
    }
}
