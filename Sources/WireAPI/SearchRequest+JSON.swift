internal import FoundationEssentials

extension SearchRequest {
    /// Decodes JSON like `WireJSON.decode(_:from:)`, but much faster, because a query has hundreds of numbers.
    ///
    /// A hand-written reader decodes requests with plain syntax: known keys, each once and without escapes, and finite
    /// numbers. Foundation's decoder decodes all others, and reports errors.
    ///
    /// - Throws: `DecodingError`.
    package init(json: [UInt8]) throws {
        var reader = SearchRequestReader(bytes: json)
        if let request = reader.request() {
            self = request
        } else {
            self = try WireJSON.decodeRequest(SearchRequest.self, from: Data(json))
        }
    }
}

/// Reads requests with plain syntax.
///
/// A method that returns `nil` has found something else; Foundation's decoder must then read the request.
private struct SearchRequestReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func request() -> SearchRequest? {
        var queries: [[Float]]?
        var topK: Int?
        var alpha: Float?
        guard skipSpaceAnd("{") else { return nil }
        repeat {
            switch key() {
            case "queries" where queries == nil:
                guard let value = list({ $0.list { $0.number() } }) else { return nil }
                queries = value
            case "top_k" where topK == nil:
                guard let value = wholeNumber() else { return nil }
                topK = value
            case "alpha" where alpha == nil:
                guard let value = number() else { return nil }
                alpha = value
            default: return nil
            }
        } while skipSpaceAnd(",")
        guard skipSpaceAnd("}"), let queries else { return nil }
        skipSpace()
        return position == bytes.count ? SearchRequest(queries: queries, topK: topK, alpha: alpha) : nil
    }

    /// Reads an array; `element` reads one element.
    private mutating func list<Element>(_ element: (inout SearchRequestReader) -> Element?) -> [Element]? {
        guard skipSpaceAnd("[") else { return nil }
        var elements: [Element] = []
        if skipSpaceAnd("]") { return elements }
        repeat {
            guard let next = element(&self) else { return nil }
            elements.append(next)
        } while skipSpaceAnd(",")
        return skipSpaceAnd("]") ? elements : nil
    }

    /// Reads a key and its colon; a key with escapes matches none of the known keys.
    private mutating func key() -> String? {
        guard skipSpaceAnd("\"") else { return nil }
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") { position += 1 }
        let key = String(decoding: bytes[start..<position], as: UTF8.self)
        return skip("\"") && skipSpaceAnd(":") ? key : nil
    }

    /// Reads a whole number of at most nine digits, without sign, fraction or exponent.
    private mutating func wholeNumber() -> Int? {
        skipSpace()
        guard let value = digits(), value.count <= 9, !numberContinues else { return nil }
        if value.count > 1, bytes[position - value.count] == UInt8(ascii: "0") { return nil }
        return Int(value.number)
    }

    /// Reads a number of JSON's grammar and rounds it to the nearest float.
    private mutating func number() -> Float? {
        skipSpace()
        let start = position
        let isNegative = skip("-")
        guard let whole = digits() else { return nil }
        if whole.count > 1, bytes[position - whole.count] == UInt8(ascii: "0") { return nil }
        var (number, count) = whole
        var exponent = 0
        if skip(".") {
            guard let fraction = digits(after: number) else { return nil }
            number = fraction.number
            count += fraction.count
            exponent = -fraction.count
        }
        if skip("e") || skip("E") {
            let isNegativeExponent = skip("-")
            if !isNegativeExponent { _ = skip("+") }
            guard let power = digits(), power.count <= 3 else { return nil }
            exponent += isNegativeExponent ? -Int(power.number) : Int(power.number)
        }
        // UInt64 holds all numbers of 19 digits.
        guard count <= 19, let value = Self.nearest(number, exponent: exponent) else {
            return standardLibraryFloat(bytes[start..<position])
        }
        return isNegative ? -value : value
    }

    /// Reads at least one digit.
    ///
    /// - Parameter start: the number that the digits continue.
    /// - Returns: the number with the digits appended, and the count of digits.
    private mutating func digits(after start: UInt64 = 0) -> (number: UInt64, count: Int)? {
        let first = position
        var number = start
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            number = number &* 10 &+ UInt64(digit)
            position += 1
        }
        return position > first ? (number, position - first) : nil
    }

    private static let powers: [Double] = (0...60).map { Double("1e\($0)") ?? .nan }

    /// The float nearest to number x 10^exponent; `nil` if a computation in double precision can't decide which it is.
    ///
    /// The computation has three roundings with a relative error of at most 2^-53 each. So the exact value is within a
    /// factor 1 +- 2^-51 of the result. If both ends of this interval round to the same float, so does the exact value.
    private static func nearest(_ number: UInt64, exponent: Int) -> Float? {
        guard abs(exponent) <= 60 else { return nil }
        let power = powers[abs(exponent)]
        let value = exponent < 0 ? Double(number) / power : Double(number) * power
        let low = Float(value * (1 - 0x1p-51))
        let high = Float(value * (1 + 0x1p-51))
        // A number that is too small for a normal float must not become zero: Foundation decides about it.
        return low == high && (low.isNormal || number == 0) ? low : nil
    }

    /// The number as `Float.init` parses it; `nil` if it is too large or too small for a normal float.
    private func standardLibraryFloat(_ text: ArraySlice<UInt8>) -> Float? {
        guard let value = Float(String(decoding: text, as: UTF8.self)), value.isNormal else { return nil }
        return value
    }

    /// Whether the number before the current position goes on with a fraction or an exponent.
    private var numberContinues: Bool {
        position < bytes.count && (bytes[position] == UInt8(ascii: ".") || bytes[position] | 0x20 == UInt8(ascii: "e"))
    }

    private mutating func skipSpaceAnd(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        return skip(character)
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}
