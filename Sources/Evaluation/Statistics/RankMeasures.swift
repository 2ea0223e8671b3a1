/// The usual measures of the ranks of right answers.
package struct RankMeasures: Equatable, Sendable {
    /// The share of ranks that are 1.
    package let recallAt1: Double
    /// The share of ranks that are at most 5.
    package let recallAt5: Double
    /// The share of ranks that are at most 10.
    package let recallAt10: Double
    /// The mean of 1 / rank (mean reciprocal rank).
    package let mrr: Double
    /// The median of the ranks: the mean of the two middle ones if their number is even.
    package let medianRank: Double

    /// Measures the ranks of some queries; all measures are 0 without queries.
    ///
    /// - Parameter ranks: a rank for each query, each at least 1.
    package init(ranks: [UInt32]) {
        func share(within limit: UInt32) -> Double {
            ranks.isEmpty ? 0 : Double(ranks.count { $0 <= limit }) / Double(ranks.count)
        }
        recallAt1 = share(within: 1)
        recallAt5 = share(within: 5)
        recallAt10 = share(within: 10)
        mrr = ranks.isEmpty ? 0 : ranks.reduce(0) { $0 + 1 / Double($1) } / Double(ranks.count)
        medianRank = Quantiles(values: ranks.map(Double.init)).median
    }
}
