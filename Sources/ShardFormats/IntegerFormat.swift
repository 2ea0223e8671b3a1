/// The format of integers in a file: width, sign and byte order.
struct IntegerFormat: Sendable, Equatable {
    /// Bytes per number: 1, 2, 4 or 8.
    let byteCount: Int
    let isSigned: Bool
    let isBigEndian: Bool

    /// The integers in `bytes`, as decimal text.
    ///
    /// An incomplete integer at the end is ignored.
    func decimals(_ bytes: Span<UInt8>) -> [String] {
        let count = bytes.count / byteCount
        var texts: [String] = []
        texts.reserveCapacity(count)
        for index in 0..<count {
            let pattern = pattern(bytes, at: index * byteCount)
            texts.append(isSigned ? String(signExtended(pattern)) : String(pattern))
        }
        return texts
    }

    /// The bits of the integer at `offset`.
    private func pattern(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
        var pattern: UInt64 = 0
        for step in 0..<byteCount {
            let place = isBigEndian ? step : byteCount - 1 - step
            pattern = pattern << 8 | UInt64(bytes.integer(at: offset + place, as: UInt8.self) ?? 0)
        }
        return pattern
    }

    private func signExtended(_ pattern: UInt64) -> Int64 {
        let unused = 64 - 8 * byteCount
        return Int64(bitPattern: pattern << unused) >> unused
    }
}
