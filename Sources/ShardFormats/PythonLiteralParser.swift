/// Parses one Python literal.
///
/// Nothing is evaluated.
///
/// Escape sequences in strings are kept as they are; a quote after a backslash does not end the string. The depth of
/// nesting is limited, so that a malicious file can't exhaust the stack.
struct PythonLiteralParser {
    private static let maximumDepth = 16

    private let text: [UInt8]
    private var position = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    /// Parses `text`: one literal, which can have white space around it.
    static func parse(_ text: [UInt8]) throws(PythonLiteral.SyntaxError) -> PythonLiteral {
        var parser = PythonLiteralParser(text)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == text.count else { throw parser.failure }
        return value
    }

    private var failure: PythonLiteral.SyntaxError { PythonLiteral.SyntaxError(offset: position) }
    private var next: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d, 0x0c].contains(byte) { position += 1 }
    }

    /// Skips white space, then `character` if it is next.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = next, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(PythonLiteral.SyntaxError) -> PythonLiteral {
        guard depth <= Self.maximumDepth else { throw failure }
        if take("{") { return .dictionary(try entries(depth: depth + 1)) }
        if take("[") { return .list(try elements(until: "]", depth: depth + 1).values) }
        if take("(") {
            let (values, endsInComma) = try elements(until: ")", depth: depth + 1)
            // In Python, `(1)` is the value 1 and `(1,)` is a tuple.
            if values.count == 1, !endsInComma { return values[0] }
            return .tuple(values)
        }
        guard let byte = next else { throw failure }
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string(quote: byte))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .integer(try integer())
        default: return try word()
        }
    }

    private mutating func elements(until end: Unicode.Scalar, depth: Int) throws(PythonLiteral.SyntaxError)
        -> (values: [PythonLiteral], endsInComma: Bool)
    {
        var values: [PythonLiteral] = []
        while !take(end) {
            values.append(try value(depth: depth))
            guard take(",") else {
                guard take(end) else { throw failure }
                break
            }
            if take(end) { return (values, true) }
        }
        return (values, false)
    }

    private mutating func entries(depth: Int) throws(PythonLiteral.SyntaxError) -> [PythonLiteral.Entry] {
        var entries: [PythonLiteral.Entry] = []
        while !take("}") {
            let key = try value(depth: depth)
            guard take(":") else { throw failure }
            entries.append(PythonLiteral.Entry(key: key, value: try value(depth: depth)))
            guard take(",") else {
                guard take("}") else { throw failure }
                break
            }
        }
        return entries
    }

    private mutating func string(quote: UInt8) throws(PythonLiteral.SyntaxError) -> String {
        let start = position + 1
        position = start
        while let byte = next, byte != quote {
            guard byte != UInt8(ascii: "\n") else { throw failure }
            position = min(text.count, position + (byte == UInt8(ascii: "\\") ? 2 : 1))
        }
        guard next == quote else { throw failure }
        position += 1
        return String(decoding: text[start..<position - 1], as: UTF8.self)
    }

    private mutating func integer() throws(PythonLiteral.SyntaxError) -> Int? {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let digits = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > digits else { throw failure }
        let number = Int(String(decoding: text[start..<position], as: UTF8.self))
        // Python 2 writes an L after long integers.
        if next == UInt8(ascii: "L") { position += 1 }
        return number
    }

    private mutating func word() throws(PythonLiteral.SyntaxError) -> PythonLiteral {
        let letters = text[position...].prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        let value: PythonLiteral
        // Six letters are enough: no word has more than five.
        switch String(decoding: letters.prefix(6), as: UTF8.self) {
        case "True": value = .boolean(true)
        case "False": value = .boolean(false)
        case "None": value = .none
        default: throw failure
        }
        position += letters.count
        return value
    }
}
