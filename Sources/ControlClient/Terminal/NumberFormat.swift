package import FoundationEssentials
internal import Glibc

/// Formats numbers for people.
package enum NumberFormat {
    /// An integer with thousands separators: 1,234,567.
    package static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// An integer and a noun in the singular or plural: 1 row, 2 rows.
    package static func count(_ value: Int, _ one: String, _ many: String) -> String {
        "\(count(value)) \(value == 1 ? one : many)"
    }

    /// Bytes in the largest binary unit that fits: 1.5 MiB.
    package static func bytes(_ value: Int) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        guard value.magnitude >= 1024 else { return "\(value) B" }
        var amount = Double(value) / 1024
        var unit = 0
        // From 1023.95 on, rounding to one decimal would show 1024.0.
        while amount.magnitude >= 1023.95, unit < units.count - 1 {
            amount /= 1024
            unit += 1
        }
        return "\(fixed(amount, decimals: 1)) \(units[unit])"
    }

    /// A time span in its one or two largest units: 12.3 ms, 4.5 s, 3 min 20 s, 2 h 5 min, 9 d 1 h.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds.magnitude < 1e12 else { return "\(seconds) s" }
        if seconds < 0.99995 { return "\(fixed(seconds * 1000, decimals: 1)) ms" }
        if seconds < 59.95 { return "\(fixed(seconds, decimals: 1)) s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        if whole < 86_400 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
        return "\(count(whole / 86_400)) d \(whole / 3600 % 24) h"
    }

    /// A similarity, score or bias, with six decimals: as many as float32 carries near 1.
    package static func score(_ value: Float) -> String {
        fixed(Double(value), decimals: 6)
    }

    /// A small number with three digits and a power of ten: 1.19e-07.
    package static func brief(_ value: Float) -> String {
        guard value.isFinite, value != 0 else { return "\(value)" }
        var exponent = Int(log10(Double(value.magnitude)).rounded(.down))
        var mantissa = fixed(Double(value) / pow(10, Double(exponent)), decimals: 2)
        if mantissa == "10.00" || mantissa == "-10.00" {
            exponent += 1
            mantissa = fixed(Double(value) / pow(10, Double(exponent)), decimals: 2)
        }
        let digits = String(exponent.magnitude).padded(to: 2, alignment: .trailing).replacing(" ", with: "0")
        return "\(mantissa)e\(exponent < 0 ? "-" : "+")\(digits)"
    }

    /// A time to the second, in UTC and in ISO 8601: 2026-11-27T06:12:04Z.
    package static func time(_ date: Date) -> String {
        date.formatted(.iso8601)
    }

    /// A share in percent, with one decimal and no sign of percent: 34.1.
    package static func percent(_ share: Double) -> String {
        fixed(share * 100, decimals: 1)
    }

    /// A difference of shares in percentage points, with one decimal and its sign: +2.4, -0.3, 0.0.
    package static func points(_ difference: Double) -> String {
        let text = percent(difference)
        return text.hasPrefix("-") || text == "0.0" ? text : "+" + text
    }

    /// A number in as few digits as identify it, without a fraction of zero: 0.75, 1.
    package static func short(_ value: some BinaryFloatingPoint & LosslessStringConvertible) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// A number rounded to `decimals` digits after the point.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
        let scale = pow(10, Double(decimals))
        let scaled = (value.magnitude * scale).rounded()
        let whole = Int(scaled / scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let fraction = String(Int(scaled - Double(whole) * scale)).padded(to: decimals, alignment: .trailing)
        return "\(sign)\(whole).\(fraction.replacing(" ", with: "0"))"
    }
}
