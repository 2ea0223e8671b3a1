internal import FoundationEssentials
package import IncrementalBias
package import Logging
package import SpoolProtocol
internal import VectorMath

/// Everything that `nnnd serve` needs to know, checked.
package struct ServeSettings: Sendable {
    package var spool: String
    package var data: String
    package var socket: String
    package var socketMode: UInt32
    package var k: Int
    package var alpha: Float
    package var store: RequestedSettings
    package var threads: Int
    package var completedShards: CompletedShardAction
    package var largestShard: Int
    package var retention: Retention
    package var quiet: Double
    package var rescan: Double
    /// Seconds that a client may keep a connection waiting.
    package var clientTimeout: Double
    package var logLevel: Logger.Level

    /// - Throws: ``ConfigurationError`` for the first setting that can't be used.
    package init(_ sources: SettingSources, environment: [String: String]) throws {
        let read = SettingReader(sources: sources)
        let state = environment["STATE_DIRECTORY"].flatMap { $0.split(separator: ":").first.map(String.init) }
        let runtime = environment["RUNTIME_DIRECTORY"].flatMap { $0.split(separator: ":").first.map(String.init) }
        spool = try read.path(.spool, default: "/var/spool/nnnd")
        data = try read.path(.data, default: state ?? "/var/lib/nnnd")
        socket = try read.path(.socket, default: (runtime ?? "/run/nnnd") + "/nnnd.sock")
        socketMode = try read.mode(.socketMode, default: 0o660)
        k = try read.integer(.k, in: 1...Self.largestK, default: 128)
        alpha = try read.number(.alpha, in: 0...1000, default: 0.75)
        let metric = try read.choice(.metric, default: Metric.cosine)
        let precision = try read.choice(.precision, default: Precision.float32)
        store = RequestedSettings(
            metric: metric, precision: precision,
            capacity: try read.integer(.capacity, in: k...2 * Self.largestK))
        threads = try read.integer(.threads, in: 1...1024, default: ProcessInfo.processInfo.activeProcessorCount)
        completedShards = try read.choice(.finishedShards, default: .move)
        largestShard = try read.byteCount(
            .largestShard, in: 1...1 << 40, default: min(Self.usualLargestShard, MemoryLimit.bytes / 8))
        retention = Retention(
            maximumReferences: try read.integer(.maxReferences, in: 1...Int.max),
            secondsToLive: try read.duration(.referenceTTL))
        quiet = Double(try read.number(.quietSeconds, in: 0...86_400, default: 2))
        rescan = Double(try read.number(.rescanSeconds, in: 0.1...86_400, default: 30))
        clientTimeout = Double(try read.number(.clientSeconds, in: 0.1...86_400, default: 60))
        logLevel = try read.choice(.logLevel, default: Logger.Level.info)
    }

    private static let largestK = 65_536
    /// Where there is little memory, an eighth of it: a shard takes up to seven times its size, and one that the system
    /// ends the process for would be taken again by the next.
    private static let usualLargestShard = 1 << 30
}

/// Reads settings as what they are meant to be.
private struct SettingReader {
    let sources: SettingSources

    func path(_ setting: Setting, default standard: String) throws -> String {
        guard let found = try sources.find(setting) else { return standard }
        guard !found.text.isEmpty, !found.text.contains("\0") else { throw found.mustBe("a path") }
        if found.text.hasPrefix("/") { return found.text }
        return FileManager.default.currentDirectoryPath + "/" + found.text
    }

    func integer(_ setting: Setting, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        try integer(setting, in: range) ?? standard
    }

    func integer(_ setting: Setting, in range: ClosedRange<Int>) throws -> Int? {
        guard let found = try sources.find(setting) else { return nil }
        guard let number = Int(found.text), range.contains(number) else {
            throw found.mustBe("a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func number(_ setting: Setting, in range: ClosedRange<Float>, default standard: Float) throws -> Float {
        guard let found = try sources.find(setting) else { return standard }
        guard let number = Float(found.text), range.contains(number) else {
            throw found.mustBe("a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func mode(_ setting: Setting, default standard: UInt32) throws -> UInt32 {
        guard let found = try sources.find(setting) else { return standard }
        guard let mode = UInt32(found.text, radix: 8), mode <= 0o777 else {
            throw found.mustBe("permissions as an octal number, 0660 say")
        }
        return mode
    }

    /// A number of bytes: `1073741824`, `512MiB`, `1GiB`.
    func byteCount(_ setting: Setting, in range: ClosedRange<Int>, default standard: Int) throws -> Int {
        guard let found = try sources.find(setting) else { return standard }
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
        let unit = units.first { found.text.hasSuffix($0.0) }
        let digits = unit.map { found.text.dropLast($0.0.count) } ?? found.text[...]
        let trimmed = digits.trimmingPrefix { $0 == " " }
        guard let number = Int(trimmed.filter { $0 != " " }),
            case let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (unit?.1 ?? 0)), !overflow,
            range.contains(bytes)
        else { throw found.mustBe("a number of bytes from 1 to 1TiB, 512MiB say") }
        return bytes
    }

    /// Seconds: `90`, `90s`, `15m`, `12h`, `30d`.
    func duration(_ setting: Setting) throws -> Double? {
        guard let found = try sources.find(setting) else { return nil }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = found.text.last.flatMap { units[$0] }
        guard let number = Double(unit == nil ? found.text[...] : found.text.dropLast()),
            number > 0, (number * (unit ?? 1)).isFinite
        else { throw found.mustBe("a duration, 90s, 15m, 12h or 30d say") }
        return number * (unit ?? 1)
    }

    func choice<Choice: CaseIterable & RawRepresentable<String>>(_ setting: Setting, default standard: Choice) throws
        -> Choice
    {
        guard let found = try sources.find(setting) else { return standard }
        guard let choice = Choice(rawValue: found.text) else {
            throw found.mustBe("one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}
