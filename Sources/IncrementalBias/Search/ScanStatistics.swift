/// How many rows each step of a scan has left, added up over all queries.
package struct ScanStatistics: Equatable, Sendable {
    /// The rows that were compared by the high halves of their codes.
    package var scanned = 0
    /// The rows that these did not exclude.
    package var high = 0
    /// The rows that whole codes did not exclude either.
    package var low = 0
    /// The rows whose exact score was computed.
    package var rescored = 0

    package init() {}
}
