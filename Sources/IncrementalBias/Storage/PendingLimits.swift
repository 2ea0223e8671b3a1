/// The numbers that decide when pending entries are stored in heaps, and when runs of them are merged.
///
/// They are no user settings; tests use small ones. docs/bias-maintenance.md says why they are as they are.
package struct PendingLimits: Equatable, Sendable {
    /// The maximum number of pending entries, as an average over the pages of heaps.
    package var entriesPerPage = 64
    /// The number of pages of heaps in a block, whose pending entries are stored in heaps together.
    ///
    /// Only a store without pending entries takes this number; others keep theirs.
    package var pagesPerBlock = 64
    /// The number of runs of about the same size that are merged into one; also the ratio of the size classes.
    package var runsPerMerge = 8
    /// Runs with fewer entries count as equally large.
    package var smallestClass = 1024
    /// The number of entries in a value of a run; the default fills 16 LMDB pages.
    package var entriesPerChunk = (16 * 4096 - 16) / PendingEntry.byteCount

    /// The limits that the daemon uses.
    package static let standard = PendingLimits()

    package init() {}
}
