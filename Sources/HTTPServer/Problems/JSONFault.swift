/// Finds the first place where a text is not JSON (RFC 8259) or has a number too large for a 32-bit float.
///
/// The errors of Foundation's decoder do not contain this place.
struct JSONFault {
    private let bytes: [UInt8]
    private var position = 0
    private var path: [String] = []

    /// The fault, with its place.
    private struct Found: Error {
        let text: String
    }

    private static let maximumDepth = 64

    /// Describes the first fault of `bytes`; `nil` if there is none.
    static func find(in bytes: [UInt8]) -> String? {
        var parser = JSONFault(bytes: bytes)
        do throws(Found) {
            try parser.value(depth: 0)
            parser.skipSpace()
            if parser.position < bytes.count { throw parser.fault("the end of the text is expected") }
            return nil
        } catch {
            return error.text
        }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next byte; `nil` at the end.
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ problem: String) -> Found {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
        return Found(text: "line \(line), column \(column): \(problem).")
    }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Found) {
        guard depth < Self.maximumDepth else { throw fault("it is nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): try object(depth)
        case UInt8(ascii: "["): try array(depth)
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    private mutating func object(_ depth: Int) throws(Found) {
        position += 1
        if take("}") { return }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("a name in quotes is expected") }
            path.append((path.isEmpty ? "" : ".") + (try string()))
            guard take(":") else { throw fault("a colon is expected") }
            try value(depth: depth + 1)
            path.removeLast()
        } while take(",")
        guard take("}") else { throw fault("a comma or a closing brace is expected") }
    }

    private mutating func array(_ depth: Int) throws(Found) {
        position += 1
        if take("]") { return }
        var index = 0
        repeat {
            path.append("[\(index)]")
            try value(depth: depth + 1)
            path.removeLast()
            index += 1
        } while take(",")
        guard take("]") else { throw fault("a comma or a closing bracket is expected") }
    }

    private mutating func string() throws(Found) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("a control character in a string must be escaped") }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { throw fault("a string has no end") }
        defer { position += 1 }
        guard let text = String(validating: bytes[start..<position], as: UTF8.self) else {
            throw fault("a string is not UTF-8")
        }
        return text
    }

    private mutating func word(_ word: String) throws(Found) {
        guard bytes[position...].starts(with: word.utf8) else { throw fault("a value is expected") }
        position += word.utf8.count
    }

    private mutating func number() throws(Found) {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        let whole = try digits()
        if bytes[whole.lowerBound] == UInt8(ascii: "0"), whole.count > 1 { throw fault("a number can't begin with 0") }
        if next == UInt8(ascii: ".") {
            position += 1
            _ = try digits()
        }
        if let byte = next, byte | 0x20 == UInt8(ascii: "e") {
            position += 1
            if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            _ = try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Float(text), value.isFinite else {
            throw Found(text: "at \(path.joined()): \(text) is too large for a 32-bit float.")
        }
    }

    private mutating func digits() throws(Found) -> Range<Int> {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        guard position > start else { throw fault("a value is expected") }
        return start..<position
    }
}
