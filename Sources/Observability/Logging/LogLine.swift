internal import FoundationEssentials
package import Logging

/// The text of one log line: `shard committed kind=images name=words.npy rows=1000`.
///
/// For the journal, which records the time itself, a line begins with its priority, for example `<6>` (sd-daemon(3)).
/// Elsewhere it begins with time and level.
package enum LogLine {
    /// The beginning of a line: its priority, or time and level.
    package static func prefix(_ level: Logger.Level, isJournal: Bool) -> String {
        isJournal ? "<\(level.priority)>" : "\(Date().formatted(.iso8601)) \(level): "
    }

    /// A message and its fields `name=value`, sorted by name; values with spaces, quotes or `=` are quoted.
    package static func text(_ message: String, _ fields: [String: String]) -> String {
        let parts = fields.sorted { $0.key < $1.key }.map { "\($0)=\(quotedIfNeeded($1))" }
        return ([escaped(message)] + parts).joined(separator: " ")
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let line = escaped(value)
        guard line.isEmpty || line.contains(where: { " \"=".contains($0) }) else { return line }
        return "\"\(line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// The text with control characters escaped, so that a line feed in a shard's name can't begin a new log line.
    private static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control
                ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
    }
}

extension Logger.Level {
    /// The priority of syslog, from 7 (debug) to 2 (critical).
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
