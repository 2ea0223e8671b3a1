/// Writing of little-endian numbers and text.
extension OutputRawSpan {
    /// Appends an integer, little-endian.
    mutating func append<T: FixedWidthInteger & BitwiseCopyable>(little value: T) {
        unsafe append(value.littleEndian, as: T.self)
    }

    /// Appends bytes.
    mutating func append(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { append(byte) }
    }

    /// Appends a string in UTF-32, little-endian, and zeros up to `count` code points, which it must not exceed.
    mutating func append(utf32 text: String, count: Int) {
        let end = byteCount + 4 * count
        let utf8 = text.utf8Span
        if utf8.isKnownASCII {
            let characters = utf8.span
            for index in characters.indices { append(little: UInt32(characters[index])) }
        } else {
            for scalar in text.unicodeScalars { append(little: scalar.value) }
        }
        precondition(byteCount <= end, "the text has more code points than its element")
        unsafe append(repeating: 0, count: end - byteCount, as: UInt8.self)
    }
}
