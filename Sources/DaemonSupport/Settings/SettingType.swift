internal import FoundationEssentials
internal import QuerySampling

/// Parses and formats the values of a setting.
struct SettingType<Value: Sendable>: Sendable {
    /// The placeholder for a value in the help of a command: `number` in `--k <number>`.
    var valueName: String
    /// All allowed values, if the setting is a choice; else empty.
    var choices: [String] = []
    /// Parses a text; `nil` if it is not allowed.
    ///
    /// The second argument holds the settings that come before this one in ``Setting/all``: the allowed values can
    /// depend on them.
    var parse: @Sendable (String, DaemonSettings) -> Value?
    /// A phrase that describes the allowed values and completes "it must be".
    var expected: @Sendable (DaemonSettings) -> String
    /// Formats a value as a text that ``parse`` accepts, except for the `nil` of ``optional(none:)``.
    var format: @Sendable (Value) -> String

    /// The type of a setting that need not have a value; `none` is what ``format`` returns for `nil`.
    func optional(none: String) -> SettingType<Value?> {
        SettingType<Value?>(
            valueName: valueName, choices: choices, parse: { parse($0, $1).map(Optional.some) }, expected: expected,
            format: { $0.map(format) ?? none })
    }
}

extension SettingType where Value == String {
    /// A path; a relative path is completed with the working directory.
    static func path(_ valueName: String) -> Self {
        Self(
            valueName: valueName,
            parse: { text, _ in
                guard !text.isEmpty, !text.contains("\0") else { return nil }
                return text.hasPrefix("/") ? text : FileManager.default.currentDirectoryPath + "/" + text
            },
            expected: { _ in "a path" }, format: { $0 })
    }
}

extension SettingType where Value == UInt32 {
    /// Permissions as an octal number: `0660`.
    static let mode = Self(
        valueName: "mode",
        parse: { text, _ in UInt32(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil } },
        expected: { _ in "permissions as an octal number, for example 0660" }, format: { "0" + String($0, radix: 8) })
}

extension SettingType where Value == Int {
    /// A whole number within bounds, which can depend on other settings.
    static func integer(in range: @escaping @Sendable (DaemonSettings) -> ClosedRange<Int>) -> Self {
        Self(
            valueName: "number",
            parse: { text, settings in Int(text).flatMap { range(settings).contains($0) ? $0 : nil } },
            expected: { "a whole number from \(range($0).lowerBound) to \(range($0).upperBound)" },
            format: { String($0) })
    }

    /// A number of bytes within bounds: `1073741824`, `512MiB`, `1GiB`.
    static func byteCount(in range: ClosedRange<Int>) -> Self {
        Self(
            valueName: "bytes",
            parse: { text, _ in
                let unit = byteUnits.first { text.hasSuffix($0.name) }
                let digits = text.dropLast(unit?.name.count ?? 0).filter { $0 != " " }
                guard let number = Int(digits),
                    case let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (unit?.shift ?? 0)),
                    !overflow, range.contains(bytes)
                else { return nil }
                return bytes
            },
            expected: { _ in
                "a number of bytes from \(byteText(range.lowerBound)) to \(byteText(range.upperBound)), for example 512MiB"
            },
            format: byteText)
    }
}

/// The number of bytes with the largest unit of which it is a multiple.
private func byteText(_ bytes: Int) -> String {
    let unit = bytes == 0 ? nil : byteUnits.last { bytes % (1 << $0.shift) == 0 }
    return "\(bytes >> (unit?.shift ?? 0))\(unit?.name ?? "")"
}

private let byteUnits: [(name: String, shift: Int)] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]

extension SettingType where Value: BinaryFloatingPoint & LosslessStringConvertible {
    /// A number within bounds.
    static func number(_ valueName: String, in range: ClosedRange<Value>) -> Self {
        Self(
            valueName: valueName,
            parse: { text, _ in Value(text).flatMap { range.contains($0) ? $0 : nil } },
            expected: { _ in "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))" },
            format: { plain($0) })
    }
}

extension SettingType where Value == Double {
    /// A time span above 0, as a number of seconds or with a unit: `90`, `90s`, `15m`, `12h`, `30d`.
    ///
    /// The value is in seconds.
    static let duration = Self(
        valueName: "duration",
        parse: { text, _ in
            let unit = timeUnits.first { text.hasSuffix($0.name) }
            guard let number = Double(text.dropLast(unit == nil ? 0 : 1)), number > 0,
                case let seconds = number * (unit?.seconds ?? 1), seconds.isFinite
            else { return nil }
            return seconds
        },
        expected: { _ in "a duration, for example 90s, 15m, 12h or 30d" },
        format: { seconds in
            guard let unit = timeUnits.last(where: { seconds.remainder(dividingBy: $0.seconds) == 0 }) else {
                return plain(seconds) + "s"
            }
            return plain(seconds / unit.seconds) + unit.name
        })
}

extension SettingType where Value == SamplingRate {
    /// A part of all queries, or a number of queries a minute: `5%`, `60/min`.
    static let samplingRate = Self(
        valueName: "rate",
        parse: { text, _ in
            if text.hasSuffix("/min") {
                return Double(text.dropLast(4)).flatMap { $0 > 0 && $0 <= 1e6 ? .perMinute($0) : nil }
            }
            guard text.hasSuffix("%") else { return nil }
            return Double(text.dropLast()).flatMap { $0 > 0 && $0 <= 100 ? .percent($0) : nil }
        },
        expected: { _ in "a part of all queries such as 5%, or a number of queries a minute such as 60/min" },
        format: { rate in
            switch rate {
            case .percent(let percent): plain(percent) + "%"
            case .perMinute(let count): plain(count) + "/min"
            }
        })
}

extension SettingType where Value == Double {
    /// A part in percent, above 0: `25%`.
    static let percent = Self(
        valueName: "percent",
        parse: { text, _ in
            guard text.hasSuffix("%") else { return nil }
            return Double(text.dropLast()).flatMap { $0 > 0 && $0 <= 100 ? $0 : nil }
        },
        expected: { _ in "a part in percent, for example 25%" }, format: { plain($0) + "%" })
}

private let timeUnits: [(name: String, seconds: Double)] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]

extension SettingType where Value: CaseIterable & RawRepresentable<String> {
    /// One of the cases of an enumeration, by its raw value.
    static func choice(_ valueName: String) -> Self {
        let names = Value.allCases.map(\.rawValue)
        return Self(
            valueName: valueName, choices: names, parse: { text, _ in Value(rawValue: text) },
            expected: { _ in "one of " + names.joined(separator: ", ") }, format: { $0.rawValue })
    }
}

/// A number, without `.0` if it is whole: `2`, `0.75`.
private func plain(_ number: some BinaryFloatingPoint & LosslessStringConvertible) -> String {
    Int(exactly: number).map { String($0) } ?? String(number)
}
