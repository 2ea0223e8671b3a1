/// Headers of .npy files whose number of rows is known only at the end.
package enum NPYHeaderBytes {
    /// The bytes of an .npy file of float32 before its data.
    ///
    /// - Parameters:
    ///   - shape: the sizes along the dimensions.
    ///   - byteCount: the number of bytes, a multiple of 64 that the header must have.
    package static func float32(shape: [Int], byteCount: Int) -> [UInt8] {
        let bytes = NPYHeader.bytes(descriptor: "<f4", shape: shape)
        precondition(bytes.count == byteCount, "a header of another size would move the data")
        return bytes
    }
}
