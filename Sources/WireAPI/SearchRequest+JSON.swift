internal import FoundationEssentials

extension SearchRequest {
    /// Decodes JSON much faster than `WireJSON.decode(_:from:)`, because a query has hundreds of numbers.
    ///
    /// If the fast reader rejects a body, Foundation's decoder reads it and reports what is wrong; it also reads bodies
    /// with ids. Foundation's decoder alone would reject some valid requests: a number that is too small for a float is
    /// an error there, and zero here.
    ///
    /// - Throws: `DecodingError`, ``UnknownFields``.
    package init(json: [UInt8]) throws {
        var reader = SearchRequestReader(bytes: json)
        if let request = reader.request() {
            self = request
        } else {
            self = try WireJSON.decodeRequest(SearchRequest.self, from: Data(json))
        }
    }
}

/// Reads requests; `nil` means that the text is not one.
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
        var minScore: Float?
        var recall: Double?
        var rescore: Int?
        var probes: Int?
        var sample: Bool?
        var keys: Set<String> = []
        guard skipSpaceAnd("{") else { return nil }
        repeat {
            guard let key = key() else { return nil }
            // Of a repeated key the first value counts, as in Foundation.
            let isFirst = keys.insert(key).inserted
            switch key {
            case "queries":
                guard let value = list({ $0.list { $0.number() } }) else { return nil }
                if isFirst { queries = value }
            case "top_k" where !skipNull():
                guard let value = wholeNumber() else { return nil }
                if isFirst { topK = value }
            case "alpha" where !skipNull():
                guard let value = number() else { return nil }
                if isFirst { alpha = value }
            case "min_score" where !skipNull():
                guard let value = number() else { return nil }
                if isFirst { minScore = value }
            case "recall" where !skipNull():
                guard let value = doubleNumber() else { return nil }
                if isFirst { recall = value }
            case "rescore" where !skipNull():
                guard let value = wholeNumber() else { return nil }
                if isFirst { rescore = value }
            case "probes" where !skipNull():
                guard let value = wholeNumber() else { return nil }
                if isFirst { probes = value }
            case "sample" where !skipNull():
                guard let value = boolean() else { return nil }
                if isFirst { sample = value }
            // The value was null, which has been skipped: as if the key were absent.
            case "top_k", "alpha", "min_score", "recall", "rescore", "probes", "sample": break
            default: return nil
            }
        } while skipSpaceAnd(",")
        guard skipSpaceAnd("}"), let queries else { return nil }
        skipSpace()
        guard position == bytes.count else { return nil }
        var request = SearchRequest(queries: queries, topK: topK, alpha: alpha, minScore: minScore, recall: recall)
        (request.rescore, request.probes, request.sample) = (rescore, probes, sample)
        return request
    }

    /// The elements between brackets.
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

    /// A key, with its colon.
    private mutating func key() -> String? {
        guard skipSpaceAnd("\"") else { return nil }
        let start = position
        var hasEscapes = false
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            let isEscape = bytes[position] == UInt8(ascii: "\\")
            hasEscapes = hasEscapes || isEscape
            position += isEscape ? 2 : 1
        }
        guard skip("\"") else { return nil }
        let quoted = bytes[start - 1..<position]
        guard skipSpaceAnd(":") else { return nil }
        return hasEscapes
            ? try? JSONDecoder().decode(String.self, from: Data(quoted))
            : String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
    }

    private mutating func boolean() -> Bool? {
        skipSpace()
        for (text, value) in [("true", true), ("false", false)] where bytes[position...].starts(with: text.utf8) {
            position += text.utf8.count
            return value
        }
        return nil
    }

    private mutating func wholeNumber() -> Int? {
        doubleNumber().flatMap { Int(exactly: $0) }
    }

    private mutating func doubleNumber() -> Double? {
        decimal().flatMap { Double(String(decoding: bytes[$0.range], as: UTF8.self)) }
    }

    /// A number, rounded to the nearest float.
    private mutating func number() -> Float? {
        guard let decimal = decimal() else { return nil }
        // 64 bits hold 19 digits.
        guard decimal.count <= 19, let exponent = decimal.exponent,
            let value = Self.nearest(decimal.digits, exponent: exponent)
        else { return library(bytes[decimal.range]) }
        return decimal.isNegative ? -value : value
    }

    /// A number as it is written: digits x 10^exponent.
    private struct Decimal {
        /// The place of the text.
        let range: Range<Int>
        let isNegative: Bool
        /// All digits as one number, which wraps around beyond 19 of them.
        let digits: UInt64
        /// The number of digits.
        let count: Int
        /// The exponent; `nil` where it has more than three digits.
        let exponent: Int?
    }

    /// Reads a number in JSON's grammar.
    private mutating func decimal() -> Decimal? {
        skipSpace()
        let start = position
        let isNegative = skip("-")
        guard let whole = digits() else { return nil }
        if whole.count > 1, bytes[position - whole.count] == UInt8(ascii: "0") { return nil }
        var (number, count) = whole
        var exponent: Int? = 0
        if skip(".") {
            guard let fraction = digits(after: number) else { return nil }
            number = fraction.number
            count += fraction.count
            exponent = -fraction.count
        }
        if skip("e") || skip("E") {
            let isSmall = skip("-")
            if !isSmall { _ = skip("+") }
            guard let power = digits() else { return nil }
            let value = power.count <= 3 ? Int(power.number) : nil
            exponent = value.flatMap { value in exponent.map { $0 + (isSmall ? -value : value) } }
        }
        return Decimal(
            range: start..<position, isNegative: isNegative, digits: number, count: count, exponent: exponent)
    }

    /// Reads one digit or more.
    ///
    /// - Returns: the number that they form when appended to the digits of `start`, and how many they are.
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

    /// The float nearest to number x 10^exponent; `nil` if double precision doesn't decide it.
    ///
    /// The conversion of `number`, the power, and the product or quotient are each off by at most 2^-53 of the result;
    /// rounding `low` and `high` adds one more. If both, which are 2^-51 away, round to the same float, so does the
    /// exact number.
    private static func nearest(_ number: UInt64, exponent: Int) -> Float? {
        guard abs(exponent) <= 60 else { return nil }
        let power = powers[abs(exponent)]
        let value = exponent < 0 ? Double(number) / power : Double(number) * power
        let low = Float(value * (1 - 0x1p-51))
        let high = Float(value * (1 + 0x1p-51))
        return low == high && low.isFinite ? low : nil
    }

    /// A number as the standard library reads it, unless it is too large for a float.
    private func library(_ text: ArraySlice<UInt8>) -> Float? {
        guard let value = Float(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    private mutating func skipNull() -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: "null".utf8) else { return false }
        position += 4
        return true
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
