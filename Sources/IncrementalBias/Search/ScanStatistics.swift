/// How many rows each step of a scan has left, added up over all queries.
package struct ScanStatistics: Equatable, Sendable {
    /// The rows that were compared by codes.
    package var scanned = 0
    /// Of ``scanned``, the rows that were compared by sign codes, in approximate searches.
    package var estimated = 0
    /// The rows that the first comparison did not exclude: by the high halves of codes, or by whole codes at once.
    package var high = 0
    /// The rows that whole codes did not exclude.
    ///
    /// In blocks that are compared by whole codes at once (``ScanChoice``) they are the same as ``high``.
    package var low = 0
    /// The rows whose exact score was computed.
    package var rescored = 0

    package init() {}
}
