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
    /// The interval is ``ConfidenceInterval/ofDivisions(gains:choosing:measuring:)``. With fewer than two queries nothing
    /// can be measured: the value is 0, the bounds are -1 and 1.
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
    ///     queries (rounded down) to choose.
    ///   - beforeDivision: is called before each division; an error that it throws ends the work.
    package init(
        table: RankTable, candidates: [Int], none: Int, current: Int, repeats: Int, seed: UInt64,
        beforeDivision: () throws -> Void
    ) rethrows {
        let scores = CandidateScores(table: table, candidates: candidates)
        let best = candidates[scores.best(for: 0..<table.queries)]
        self.best = best
        let half = table.queries / 2
        var (overNone, overCurrent): ([Double], [Double]) = ([], [])
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<(table.queries < 2 ? 0 : repeats) {
            try beforeDivision()
            let order = generator.shuffled(0..<table.queries)
            let chosen = candidates[scores.best(for: order[..<half])]
            func gain(over base: Int) -> Double {
                let hits = order[half...].reduce(0) { $0 + table.hits($1, chosen) - table.hits($1, base) }
                return Double(hits) / Double(table.queries - half)
            }
            overNone.append(gain(over: none))
            overCurrent.append(gain(over: current))
        }
        gainOverNone = .ofDivisions(gains: overNone, choosing: half, measuring: table.queries - half)
        gainOverCurrent = .ofDivisions(gains: overCurrent, choosing: half, measuring: table.queries - half)
        nearBest = candidates.filter { candidate in
            var (onlyBest, onlyCandidate) = (0, 0)
            for query in 0..<table.queries {
                let difference = table.hits(query, best) - table.hits(query, candidate)
                onlyBest += max(difference, 0)
                onlyCandidate += max(-difference, 0)
            }
            return SignTest.probability(first: onlyBest, second: onlyCandidate) > 0.05
        }
    }
}

extension RankTable {
    /// 1 if the rank is 1, else 0.
    fileprivate func hits(_ query: Int, _ variant: Int) -> Int { self[query, variant] == 1 ? 1 : 0 }
}
