import Logging
import Observability

extension Logger {
    /// The logger of a command: lines on standard error, with priorities where that is the journal.
    static func standard(_ threshold: LogThreshold, _ environment: [String: String]) -> Logger {
        let handler = LineLogHandler(threshold: threshold, isJournal: LogOutput.isJournal(environment))
        return Logger(label: "nnnd", factory: { _ in handler })
    }
}
