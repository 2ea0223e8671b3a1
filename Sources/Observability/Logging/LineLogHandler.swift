package import Logging

/// A handler of swift-log that writes one line for each event.
package struct LineLogHandler: LogHandler {
    private let threshold: LogThreshold
    private let isJournal: Bool
    private let write: @Sendable (String) -> Void
    /// The level that was set for this logger; it has no effect if it is lower than the threshold.
    private var ownLevel = Logger.Level.trace
    package var metadata: Logger.Metadata = [:]

    /// - Parameters:
    ///   - threshold: the lowest level that is logged, for all loggers of the program.
    ///   - isJournal: whether the lines go to the journal, where they begin with a priority.
    ///   - write: is called with each line, without line feed; writes to standard error by default.
    package init(
        threshold: LogThreshold, isJournal: Bool, write: @escaping @Sendable (String) -> Void = LogOutput.write
    ) {
        self.threshold = threshold
        self.isJournal = isJournal
        self.write = write
    }

    /// The threshold of all loggers, or the level that was set for this logger if that is higher.
    package var logLevel: Logger.Level {
        get { max(threshold.level, ownLevel) }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        write(
            LogLine.prefix(event.level, isJournal: isJournal)
                + LogLine.text(event.message.description, fields.mapValues(\.description)))
    }
}
