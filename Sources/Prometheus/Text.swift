/// Formats labels, numbers and help texts for Prometheus' text format, and checks names.
enum Text {
    /// The labels in the text format, `{kind="images",outcome="applied"}`, sorted by name; empty if there are none.
    static func labels(_ labels: [(String, String)]) -> String {
        guard !labels.isEmpty else { return "" }
        let parts = labels.sorted { $0.0 < $1.0 }.map { "\($0)=\"\(escapedValue($1))\"" }
        return "{\(parts.joined(separator: ","))}"
    }

    /// The rendered labels `labels` with one more label at the end.
    static func adding(_ name: String, _ value: String, to labels: String) -> String {
        labels.isEmpty ? "{\(name)=\"\(value)\"}" : "\(labels.dropLast()),\(name)=\"\(value)\"}"
    }

    /// Whether `name` can be a metric's name.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
            default: false
            }
        }
    }

    /// A number: whole numbers without a point, infinities as `+Inf` and `-Inf`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    /// A label's value with quotes, backslashes and line feeds escaped.
    static func escapedValue(_ value: String) -> String {
        escaped(value, "\\\n\"")
    }

    /// A help text with backslashes and line feeds escaped.
    static func escapedHelp(_ text: String) -> String {
        escaped(text, "\\\n")
    }

    /// Works on code points: a quote with a combining mark is one `Character`, which differs from a quote.
    private static func escaped(_ text: String, _ special: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if special.unicodeScalars.contains(scalar) { result.append("\\") }
            result.append(scalar == "\n" ? "n" : scalar)
        }
        return String(result)
    }
}
