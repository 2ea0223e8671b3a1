import Logging
import Observability

extension Logger {
    /// The logger of a command, which writes lines to standard error.
    ///
    /// - Parameters:
    ///   - threshold: the lowest level that is logged.
    ///   - environment: the environment of the process. It says whether standard error is the journal; lines then begin
    ///     with priorities.
    static func standard(_ threshold: LogThreshold, _ environment: [String: String]) -> Logger {
        let handler = LineLogHandler(threshold: threshold, isJournal: LogOutput.isJournal(environment))
        return Logger(label: "nnnd", factory: { _ in handler })
    }
}
