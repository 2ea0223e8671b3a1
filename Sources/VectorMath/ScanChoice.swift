/// Chooses for each block what a scan multiplies for all rows.
///
/// High halves of codes are multiplied faster than whole codes, but each row that they do not exclude is compared a
/// second time. Therefore high halves are multiplied if they excluded nearly all rows of earlier blocks. The fewer the
/// queries, the more rows may be left, because whole codes are unpacked once for all queries.
package struct ScanChoice: Sendable {
    private let queries: Int
    private var blocks = 0
    /// The share of pairs of a query and a row that the high halves did not exclude: in the last such block.
    private var share = 0.0

    /// For fewer queries, whole codes are not unpacked.
    private static let minimumQueries = 3
    /// The share of pairs at which second comparisons take as long as multiplying whole codes instead of high halves.
    ///
    /// Measured with AVX2 and many queries.
    private static let shareOfProducts = 0.02
    /// The share of the pairs of one query at which second comparisons take as long as unpacking whole codes.
    private static let shareOfUnpacking = 0.6
    /// The pruning thresholds are too low to be typical before this number of blocks.
    private static let firstBlocks = 16
    /// One of this number of blocks is scanned by halves, to see whether these would exclude more now.
    private static let blocksPerTrial = 128

    /// Makes a choice for a scan.
    ///
    /// - Parameter queries: the number of queries.
    package init(queries: Int) {
        self.queries = queries
    }

    /// All that can be multiplied in a scan for this number of queries.
    package static func kinds(queries: Int) -> [CodedQueries.ScanKind] {
        queries < minimumQueries ? [.halves] : [.halves, .whole]
    }

    /// What to multiply in the next block.
    package var next: CodedQueries.ScanKind {
        guard queries >= Self.minimumQueries else { return .halves }
        if blocks < Self.firstBlocks { return .whole }
        return blocks % Self.blocksPerTrial == Self.firstBlocks || share <= maximumShare ? .halves : .whole
    }

    /// Whole codes are multiplied if the high halves leave a larger share.
    private var maximumShare: Double { Self.shareOfProducts + Self.shareOfUnpacking / Double(queries) }

    /// Notes what a block has left.
    ///
    /// - Parameters:
    ///   - counts: the pairs that were left.
    ///   - pairs: the number of all pairs of a query and a row of the block.
    package mutating func note(_ counts: CodedQueries.ScanCounts, pairs: Int) {
        if next == .halves, pairs > 0 { share = Double(counts.high) / Double(pairs) }
        blocks += 1
    }
}
