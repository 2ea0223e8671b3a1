/// Is told how the work of a corpus goes, by whatever thread does it.
///
/// Each call must return at once. The corpus has no clock: whoever wants to know how long something took, or whether
/// it still moves, looks at a clock in these calls.
package protocol WorkObserver: Sendable {
    /// A piece of a commit's work begins or is done.
    func commitAdvanced()

    /// A scan begins.
    func scanBegan()

    /// A piece of a scan is done.
    func scanAdvanced()

    /// A commit is durable.
    func committed(_ summary: CommitSummary)

    /// A scan ended; its requests have not been answered yet.
    ///
    /// - Parameters:
    ///   - requests: how many requests shared it.
    ///   - queries: how many queries they had.
    func scanEnded(requests: Int, queries: Int)
}

/// What a commit did beside what its receipts tell.
package struct CommitSummary: Equatable, Sendable {
    /// References that retention let go.
    package var retired = 0
    /// Images whose heaps had lost so many references that they were searched anew.
    package var refilledHeaps = 0

    /// A commit that did nothing beside what its receipts tell.
    package init() {}
}
