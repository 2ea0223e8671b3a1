/// The effects of a commit that its receipts do not contain.
package struct CommitSummary: Equatable, Sendable {
    /// The number of references that retention removed.
    package var retired = 0
    /// The number of heaps that had lost so many references that a search over all references filled them again.
    package var refilledHeaps = 0

    /// Creates the summary of a commit without such effects.
    package init() {}
}
