extension NPY {
    /// Encodes the matrix as an .npy file: version 1.0, little-endian float32, C order, data aligned to 64 bytes.
    package static func write(_ matrix: Matrix) -> [UInt8] {
        var bytes = NPYHeader.bytes(descriptor: "<f4", shape: [matrix.rows, matrix.dimension])
        bytes.reserveCapacity(bytes.count + matrix.values.count * 4)
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
