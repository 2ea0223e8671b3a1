internal import FoundationEssentials
package import Logging
internal import Synchronization

/// Writes one line an event to standard error: `shard took effect kind=images name=words.npy rows=1000`.
///
/// Where that is the journal, which knows the time, a line begins with its priority, `<6>` (sd-daemon(3)); elsewhere
/// with time and level.
package struct LineLogHandler: LogHandler {
    /// The level of all loggers of a program: it can change at any time.
    package final class Threshold: Sendable {
        private let level: Mutex<Logger.Level>

        package init(_ level: Logger.Level) {
            self.level = Mutex(level)
        }

        package var now: Logger.Level {
            get { level.withLock { $0 } }
            set { level.withLock { $0 = newValue } }
        }
    }

    private let threshold: Threshold
    private let isJournal: Bool
    private var floor = Logger.Level.trace
    package var metadata: Logger.Metadata = [:]

    package init(threshold: Threshold, isJournal: Bool) {
        self.threshold = threshold
        self.isJournal = isJournal
    }

    /// The common level, or a higher one that was set for this logger.
    package var logLevel: Logger.Level {
        get { max(threshold.now, floor) }
        set { floor = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        let start = Self.start(event.level, isJournal: isJournal)
        LogOutput.write(start + Self.line(event.message.description, fields.mapValues(\.description)))
    }

    /// How a line of this level begins.
    package static func start(_ level: Logger.Level, isJournal: Bool) -> String {
        isJournal ? "<\(level.priority)>" : "\(Date().formatted(.iso8601)) \(level): "
    }

    /// A message and its fields in one line, the fields by name.
    package static func line(_ message: String, _ fields: [String: String]) -> String {
        let parts = fields.sorted { $0.key < $1.key }.map { "\($0)=\(quotedIfNeeded($1))" }
        return ([oneLine(message)] + parts).joined(separator: " ")
    }

    private static func quotedIfNeeded(_ value: String) -> String {
        let line = oneLine(value)
        guard line.isEmpty || line.contains(where: { " \"=".contains($0) }) else { return line }
        return "\"\(line.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// The text without control characters: a shard's name must not begin a line of its own.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control
                ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }.joined()
    }
}

extension Logger.Level {
    /// The level as syslog counts: 7 for debugging, 2 for what is critical.
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
