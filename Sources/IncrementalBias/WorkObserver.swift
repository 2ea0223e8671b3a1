/// An observer of the work of a corpus, called by the threads that do the work.
///
/// Every call must return at once. The corpus calls without times: an observer that needs them reads a clock.
package protocol WorkObserver: Sendable {
    /// A piece of a commit's work begins or is done.
    func commitAdvanced()

    /// A scan begins.
    func scanBegan()

    /// A piece of a scan is done.
    func scanAdvanced()

    /// A commit is durable.
    func committed(_ summary: CommitSummary)

    /// A scan has ended; its requests have not been answered yet.
    ///
    /// - Parameters:
    ///   - requests: the number of requests that shared the scan.
    ///   - queries: the number of queries of these requests.
    func scanEnded(requests: Int, queries: Int)
}
