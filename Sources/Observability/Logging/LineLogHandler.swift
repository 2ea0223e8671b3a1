package import Logging

/// Writes one line for each event.
package struct LineLogHandler: LogHandler {
    private let threshold: LogThreshold
    private let isJournal: Bool
    private let write: @Sendable (String) -> Void
    /// The level of this logger alone.
    private var minimum = Logger.Level.trace
    package var metadata: Logger.Metadata = [:]

    /// - Parameters:
    ///   - threshold: the level of all loggers.
    ///   - isJournal: whether the lines go to the journal.
    ///   - write: writes a line; to standard error unless given.
    package init(
        threshold: LogThreshold, isJournal: Bool, write: @escaping @Sendable (String) -> Void = LogOutput.write
    ) {
        self.threshold = threshold
        self.isJournal = isJournal
        self.write = write
    }

    /// The level of all loggers, or a higher one that was set for this logger.
    package var logLevel: Logger.Level {
        get { max(threshold.now, minimum) }
        set { minimum = newValue }
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
