/// A media type from the field `Content-Type` (RFC 9110, section 8.3.1), without its parameters.
package struct ContentType: Equatable, Sendable {
    /// Type and subtype in lowercase, for example `application/json`.
    package let name: String

    /// Reads the value of a field, which can have parameters after the media type; `nil` if it breaks the grammar.
    package init?(_ text: String) {
        var reader = FieldReader(bytes: Array(text.utf8))
        reader.skipSpace()
        guard let type = reader.token(), reader.skip("/"), let subtype = reader.token() else { return nil }
        repeat {
            reader.skipSpace()
            // A parameter can be left out between semicolons (RFC 9110, section 5.6.6).
            if reader.isAtEnd || reader.isNext(";") { continue }
            guard reader.parameter() else { return nil }
            reader.skipSpace()
            guard reader.isAtEnd || reader.isNext(";") else { return nil }
        } while reader.skip(";")
        name = "\(type)/\(subtype)".lowercased()
    }
}

/// Reads the parts of a field's value (RFC 9110, section 5.6).
private struct FieldReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
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

    /// Reads `name=value`, with a token or a quoted string as value.
    ///
    /// - Returns: whether there is one.
    mutating func parameter() -> Bool {
        token() != nil && skip("=") && (token() != nil || quotedString())
    }

    private mutating func quotedString() -> Bool {
        guard skip("\"") else { return false }
        while !isAtEnd {
            if skip("\"") { return true }
            // A backslash escapes the next character.
            _ = skip("\\")
            guard let byte = next, byte == 0x09 || (byte >= 0x20 && byte != 0x7F) else { return false }
            position += 1
        }
        return false
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
