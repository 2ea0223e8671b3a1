/// The numbers in JSON text.
enum JSONNumbers {
    /// Replaces each number that rounds to zero as a float by `0`; `nil` if there is none.
    ///
    /// These are numbers such as `1e-50`, and zeros with an exponent, such as `0e4`. Text that is no JSON stays no JSON.
    static func replacingSmall(in json: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var (copied, position, isInString) = (0, 0, false)
        while position < json.count {
            switch json[position] {
            case UInt8(ascii: "\\") where isInString: position += 2
            case UInt8(ascii: "\""):
                isInString.toggle()
                position += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !isInString:
                let end = json[position...].firstIndex { !isInNumber($0) } ?? json.count
                if roundsToZero(json[position..<end]) {
                    result += json[copied..<position] + [UInt8(ascii: "0")]
                    copied = end
                }
                position = end
            default: position += 1
            }
        }
        return copied == 0 ? nil : result + json[copied...]
    }

    /// Whether a byte can follow the first digit of a number.
    private static func isInNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
        default: false
        }
    }

    /// Whether the text is a number in JSON's grammar that is zero as a float, and is written in another way than `0.0`.
    private static func roundsToZero(_ text: ArraySlice<UInt8>) -> Bool {
        let mantissa = text.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
        let isZero = !mantissa.contains { UInt8(ascii: "1")...UInt8(ascii: "9") ~= $0 }
        if isZero && mantissa.endIndex == text.endIndex { return false }
        // A leading zero or a missing fraction is no JSON; Float would read both.
        let parts = mantissa.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { return false }
        guard parts[0].count == 1 || parts[0].first != UInt8(ascii: "0") else { return false }
        return Float(String(decoding: text, as: UTF8.self)) == 0
    }
}
