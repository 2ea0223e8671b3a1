/// Bounds-checked access to untrusted bytes.
extension Span where Element == UInt8 {
    /// The little-endian integer at `offset`; `nil` if it is not completely within the bytes.
    func integer<T: FixedWidthInteger & UnsignedInteger>(at offset: Int, as type: T.Type = T.self) -> T? {
        let size = T.bitWidth / 8
        guard offset >= 0, count >= size, offset <= count - size else { return nil }
        var value: T = 0
        for place in 0..<size { value |= T(self[offset + place]) &<< T(place &* 8) }
        return value
    }

    /// A copy of the bytes in `range`; `nil` if the range is not completely within the bytes.
    func copy(_ range: Range<Int>) -> [UInt8]? {
        guard range.lowerBound >= 0, range.upperBound <= count else { return nil }
        return unsafe extracting(range).withUnsafeBytes { unsafe Array($0) }
    }

    /// Whether the bytes start with `prefix`; if there are fewer bytes, whether `prefix` starts with them.
    func mayStart(with prefix: [UInt8]) -> Bool {
        for (offset, expected) in prefix.enumerated() {
            guard let byte: UInt8 = integer(at: offset) else { return true }
            guard byte == expected else { return false }
        }
        return true
    }
}
