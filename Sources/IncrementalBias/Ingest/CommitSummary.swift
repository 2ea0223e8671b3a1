/// The effects of a commit that its receipts don't tell.
package struct CommitSummary: Equatable, Sendable {
    /// The number of references that retention removed.
    package var retired = 0
    /// The number of images whose heaps had lost so many references that they were searched anew.
    package var refilledHeaps = 0

    /// Makes the summary of a commit without such effects.
    package init() {}
}
