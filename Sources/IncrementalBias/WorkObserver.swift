/// Receives the events of a ``Corpus``, for metrics and the watchdog.
///
/// The threads that do the work call these methods, so each must return at once. The events carry no times; an observer
/// that measures durations reads a clock itself.
package protocol WorkObserver: Sendable {
    /// Bias maintenance has made progress: called before each piece of work, and after it waits for searches.
    func commitAdvanced()

    /// A scan begins.
    func scanBegan()

    /// A scan has made progress.
    func scanAdvanced()

    /// A scan has found the best images.
    ///
    /// - Parameter statistics: how many rows each step of the scan has left.
    func scanned(_ statistics: ScanStatistics)

    /// A commit is durable.
    func committed(_ summary: CommitSummary)

    /// A scan has ended. The requests have not been answered yet.
    ///
    /// - Parameters:
    ///   - requests: the number of requests that shared the scan.
    ///   - queries: the number of queries of these requests.
    func scanEnded(requests: Int, queries: Int)
}
