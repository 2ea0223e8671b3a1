/// Reads the parts of a field's value (RFC 9110, section 5.6).
struct FieldReader {
    private let bytes: [UInt8]
    private var position = 0

    /// Reads the value `text` from its start.
    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    var isAtEnd: Bool { position == bytes.count }

    func isNext(_ character: Unicode.Scalar) -> Bool {
        next == UInt8(ascii: character)
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard isNext(character) else { return false }
        position += 1
        return true
    }

    mutating func skipSpace() {
        while isNext(" ") || isNext("\t") { position += 1 }
    }

    /// Reads a token: one or more letters, digits and the punctuation marks that a token can contain.
    mutating func token() -> String? {
        let start = position
        while let byte = next, Self.isTokenCharacter(byte) { position += 1 }
        return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    /// Reads `name=value`, with a token or a quoted string as value; `nil` if there is none.
    ///
    /// The value of a quoted string is what stands between the quotes, with its backslashes.
    mutating func parameter() -> (name: String, value: String)? {
        guard let name = token(), skip("="), let value = token() ?? quotedString() else { return nil }
        return (name, value)
    }

    /// Skips everything before the next comma that is not in a quoted string.
    mutating func skipToComma() {
        while !isAtEnd, !isNext(",") {
            if !isNext("\"") || quotedString() == nil { position = min(position + 1, bytes.count) }
        }
    }

    private mutating func quotedString() -> String? {
        guard skip("\"") else { return nil }
        let start = position
        while !isAtEnd {
            if skip("\"") { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
            // A backslash escapes the next character.
            _ = skip("\\")
            guard let byte = next, byte == 0x09 || (byte >= 0x20 && byte != 0x7F) else { return nil }
            position += 1
        }
        return nil
    }

    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
