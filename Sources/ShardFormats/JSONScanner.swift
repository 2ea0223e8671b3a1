internal import FoundationEssentials

/// Reads JSON text value by value.
///
/// It takes no memory for values that are skipped, and the depth of nesting is limited.
struct JSONScanner {
    private static let maximumDepth = 64

    private let text: [UInt8]
    private var position = 0
    /// What is thrown if the text isn't JSON, or a value has another type than the caller asks for.
    private let failure: ShardError

    /// Creates a scanner at the start of `text`.
    ///
    /// - Parameter failure: what is thrown if the text isn't as expected.
    /// - Throws: `failure` if the text isn't UTF-8.
    init(_ text: [UInt8], failure: ShardError) throws(ShardError) {
        self.text = text
        self.failure = failure
        do {
            _ = try UTF8Span(validating: text.span)
        } catch {
            throw failure
        }
    }

    /// Checks that only white space is left.
    mutating func expectEnd() throws(ShardError) {
        skipSpace()
        guard position == text.count else { throw failure }
    }

    /// Reads an object; `member` must read or skip the value of the key that it gets.
    mutating func object(_ member: (inout Self, String) throws(ShardError) -> Void) throws(ShardError) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    /// Reads an array of at most `limit` integers.
    mutating func integers(limit: Int) throws(ShardError) -> [Int] {
        var values: [Int] = []
        try expect("[")
        if take("]") { return values }
        repeat {
            guard values.count < limit else { throw failure }
            values.append(try integer())
        } while take(",")
        try expect("]")
        return values
    }

    /// Reads an integer, which must fit in an `Int`.
    mutating func integer() throws(ShardError) -> Int {
        skipSpace()
        let start = position
        try skipNumber()
        guard let value = Int(String(decoding: text[start..<position], as: UTF8.self)) else { throw failure }
        return value
    }

    /// Reads a string.
    mutating func string() throws(ShardError) -> String {
        skipSpace()
        let start = position
        guard try skipString() else { return String(decoding: text[start + 1..<position - 1], as: UTF8.self) }
        do {
            return try JSONDecoder().decode(String.self, from: Data(text[start..<position]))
        } catch {
            throw failure
        }
    }

    /// Skips a value.
    mutating func skipValue() throws(ShardError) { try skipValue(depth: 0) }

    private mutating func skipValue(depth: Int) throws(ShardError) {
        guard depth <= Self.maximumDepth else { throw failure }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"):
            position += 1
            if take("}") { return }
            repeat {
                skipSpace()
                _ = try skipString()
                try expect(":")
                try skipValue(depth: depth + 1)
            } while take(",")
            try expect("}")
        case UInt8(ascii: "["):
            position += 1
            if take("]") { return }
            repeat { try skipValue(depth: depth + 1) } while take(",")
            try expect("]")
        case UInt8(ascii: "\""): _ = try skipString()
        case UInt8(ascii: "t"): try skipWord("true")
        case UInt8(ascii: "f"): try skipWord("false")
        case UInt8(ascii: "n"): try skipWord("null")
        default: try skipNumber()
        }
    }
}

/// The parts of values.
extension JSONScanner {
    private var next: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    /// Skips white space, then `character` if it is next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(ShardError) {
        guard take(character) else { throw failure }
    }

    private mutating func skipWord(_ word: String) throws(ShardError) {
        guard text[position...].starts(with: word.utf8) else { throw failure }
        position += word.utf8.count
    }

    /// Skips a string, whose opening quote is next, and returns whether it has escape sequences.
    private mutating func skipString() throws(ShardError) -> Bool {
        guard next == UInt8(ascii: "\"") else { throw failure }
        position += 1
        var hasEscapes = false
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0x00..<0x20: throw failure
            default: break
            }
        }
        throw failure
    }

    /// Skips the rest of an escape sequence, after its backslash.
    private mutating func skipEscape() throws(ShardError) {
        guard let kind = next, "\"\\/bfnrtu".utf8.contains(kind) else { throw failure }
        position += 1
        guard kind == UInt8(ascii: "u") else { return }
        for _ in 0..<4 {
            guard let digit = next, Character(Unicode.Scalar(digit)).isHexDigit else { throw failure }
            position += 1
        }
    }

    /// Skips a number of JSON's grammar.
    private mutating func skipNumber() throws(ShardError) {
        if next == UInt8(ascii: "-") { position += 1 }
        let start = position
        try skipDigits()
        if text[start] == UInt8(ascii: "0"), position > start + 1 { throw failure }
        if next == UInt8(ascii: ".") {
            position += 1
            try skipDigits()
        }
        if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(ShardError) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure }
    }
}
