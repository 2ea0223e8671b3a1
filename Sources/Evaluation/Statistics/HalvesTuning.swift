/// A choice among variants of ranking by labelled queries, and a fair measure of what the choice gains.
///
/// A variant that was chosen because it is best for some queries looks too good on the same queries. So the queries are
/// divided into random halves many times. The first half chooses a variant, and the second half measures it.
///
/// The variant with the highest recall at 1 is chosen; among equal ones the one with the highest mean reciprocal rank;
/// among equal ones the earliest candidate. Reciprocal ranks are added as whole multiples of 2^-40, rounded down, so
/// that the sums are exact in any order.
package struct HalvesTuning: Equatable, Sendable {
    /// The variant that all queries together choose.
    package let best: Int
    /// The recall at 1 of the chosen variants minus that of `none`, on the halves that did not choose.
    ///
    /// With fewer than two queries nothing can be measured: the value is 0, the bounds are -1 and 1.
    package let gainOverNone: ConfidenceInterval
    /// The recall at 1 of the chosen variants minus that of `current`, on the halves that did not choose.
    package let gainOverCurrent: ConfidenceInterval
    /// The candidates whose recall at 1 the queries can't tell from that of ``best``, which is one of them.
    ///
    /// They are those for which ``SignTest`` gives a probability above 5%.
    package let nearBest: [Int]

    /// Chooses a variant, and measures the choice.
    ///
    /// - Parameters:
    ///   - table: the ranks of the queries.
    ///   - candidates: the variants to choose from, at least one, those to prefer first.
    ///   - none: the variant without correction.
    ///   - current: the variant that searches use now.
    ///   - repeats: the number of random divisions into halves.
    ///   - seed: the seed of a ``SeededGenerator``: each division takes the first half of a shuffled order of the
    ///     queries (rounded down) to choose. The intervals are bootstrapped with the same seed.
    package init(table: RankTable, candidates: [Int], none: Int, current: Int, repeats: Int, seed: UInt64) {
        let scores = CandidateScores(table: table, candidates: candidates)
        let best = candidates[scores.best(for: 0..<table.queries)]
        self.best = best
        var measured = [Measured](repeating: Measured(), count: table.queries)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<(table.queries < 2 ? 0 : repeats) {
            let order = generator.shuffled(0..<table.queries)
            let chosen = candidates[scores.best(for: order[..<(order.count / 2)])]
            for query in order[(order.count / 2)...] {
                measured[query].repeats += 1
                if table[query, chosen] == 1 { measured[query].hits += 1 }
            }
        }
        gainOverNone = Self.gain(of: measured, over: table.ranks(of: none), seed: seed)
        gainOverCurrent = Self.gain(of: measured, over: table.ranks(of: current), seed: seed)
        nearBest = candidates.filter { candidate in
            var (onlyBest, onlyCandidate) = (0, 0)
            for query in 0..<table.queries {
                let (bestHits, candidateHits) = (table[query, best] == 1, table[query, candidate] == 1)
                if bestHits, !candidateHits { onlyBest += 1 }
                if candidateHits, !bestHits { onlyCandidate += 1 }
            }
            return SignTest.probability(first: onlyBest, second: onlyCandidate) > 0.05
        }
    }

    /// How often a query was in the half that did not choose, and how often its rank was 1 then.
    private struct Measured {
        var repeats = 0
        var hits = 0
    }

    /// The gain of the chosen variants over a variant with the given ranks.
    private static func gain(of measured: [Measured], over ranks: [UInt32], seed: UInt64) -> ConfidenceInterval {
        let differences = zip(measured, ranks).filter { $0.0.repeats > 0 }.map { query, rank in
            Double(query.hits) / Double(query.repeats) - (rank == 1 ? 1 : 0)
        }
        guard !differences.isEmpty else { return ConfidenceInterval(value: 0, low: -1, high: 1) }
        return ConfidenceInterval.pairedBootstrap(differences: differences, seed: seed)
    }
}
