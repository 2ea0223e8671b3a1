/// The average precision of one query: the mean, over its right answers, of the precision at the rank of each.
package struct AveragePrecision: Equatable, Sendable {
    package let value: Double

    /// Computes it from the ranks of all right answers of a query; 0 without right answers.
    ///
    /// - Parameter ranks: different numbers, each at least 1, in any order.
    package init(ranks: [UInt32]) {
        self.init(ranks: ranks, answers: ranks.count)
    }

    /// Computes it from a ranking; right answers that the ranking lacks have the precision 0.
    ///
    /// - Parameters:
    ///   - ranking: the images, best first, each once.
    ///   - answers: the right answers.
    package init(ranking: [UInt32], answers: Set<UInt32>) {
        let ranks = ranking.indices.filter { answers.contains(ranking[$0]) }.map { UInt32($0 + 1) }
        self.init(ranks: ranks, answers: answers.count)
    }

    /// The mean over some queries; 0 without queries.
    ///
    /// - Parameters:
    ///   - ranks: row-major, right answers x variants of ranking; the answers of one query after those of another.
    ///   - variants: the number of variants.
    ///   - answers: for each query the number of its right answers.
    ///   - variant: the variant that ranks the images for a query.
    package static func mean(
        ranks: [UInt32], variants: Int, answers: [Int], variant: (_ query: Int) -> Int
    ) -> Double {
        var (first, sum) = (0, 0.0)
        for (query, count) in answers.enumerated() {
            let column = variant(query)
            sum += Self(ranks: (first..<first + count).map { ranks[$0 * variants + column] }).value
            first += count
        }
        return answers.isEmpty ? 0 : sum / Double(answers.count)
    }

    private init(ranks: [UInt32], answers: Int) {
        let precisions = ranks.sorted().enumerated().map { Double($0.offset + 1) / Double($0.element) }
        value = answers == 0 ? 0 : precisions.reduce(0, +) / Double(answers)
    }
}
