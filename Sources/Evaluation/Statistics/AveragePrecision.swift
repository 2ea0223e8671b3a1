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

    private init(ranks: [UInt32], answers: Int) {
        let precisions = ranks.sorted().enumerated().map { Double($0.offset + 1) / Double($0.element) }
        value = answers == 0 ? 0 : precisions.reduce(0, +) / Double(answers)
    }
}
