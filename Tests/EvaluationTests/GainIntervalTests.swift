import Evaluation
import Testing

/// The 95% confidence intervals that ``HalvesTuning`` gives for the gain of its choice: they contain zero if nothing
/// can be gained, and lie above zero if enough queries gain.
@Suite struct GainIntervalTests {
    struct Case: CustomTestStringConvertible {
        let queries: Int
        /// The number of variants of ranking to choose from.
        let variants: Int
        /// The probability that a rank is 1.
        let hits: Double
        /// The share of queries for which all variants have the same rank.
        let agreement: Double

        var testDescription: String {
            "\(queries) queries, \(variants) variants, \(hits) hits, \(agreement) agreement"
        }
    }

    static let cases = [
        Case(queries: 1000, variants: 30, hits: 0.0002, agreement: 0),
        Case(queries: 250, variants: 2, hits: 0.05, agreement: 0),
        Case(queries: 250, variants: 2, hits: 0.35, agreement: 0.8),
        Case(queries: 250, variants: 30, hits: 0.005, agreement: 0),
        Case(queries: 250, variants: 30, hits: 0.4, agreement: 0.8),
        Case(queries: 40, variants: 20, hits: 0.6, agreement: 0.7),
    ]

    /// Ranks that have the same distribution for all variants, so that no choice gains anything.
    ///
    /// A rank that is not 1 is at least 2 and has a long tail.
    func table(_ data: Case, seed: UInt64) -> RankTable {
        var generator = SeededGenerator(seed: seed)
        func rank() -> UInt32 {
            let share = Double.random(in: 0..<1, using: &generator)
            return share < data.hits ? 1 : UInt32(min(2 / (1 - share), 5000)) + 1
        }
        let ranks = (0..<data.queries).flatMap { _ in
            let agree = Double.random(in: 0..<1, using: &generator) < data.agreement
            let common = rank()
            return (0..<data.variants).map { _ in agree ? common : rank() }
        }
        return RankTable(queries: data.queries, variants: data.variants, ranks: ranks)
    }

    /// Of 100 tables 95 are expected to have intervals that contain zero; two fewer are allowed for chance.
    @Test(arguments: cases) func theGainOfAChoiceIsZeroWithinItsInterval(data: Case) {
        let covered = (0..<100).count { seed in
            let tuning = HalvesTuning(
                table: table(data, seed: UInt64(seed)), candidates: Array(0..<data.variants), none: 0,
                current: data.variants - 1, repeats: 40, seed: UInt64(seed), beforeDivision: {})
            return tuning.gainOverNone.coversZero && tuning.gainOverCurrent.coversZero
        }
        #expect(covered >= 93)
    }

    /// For each query the ranks without correction and with it: a share of queries gains, another one loses.
    func table(queries: Int, gaining: Int, losing: Int, seed: UInt64) -> RankTable {
        var generator = SeededGenerator(seed: seed)
        let ranks = (0..<queries).flatMap { _ -> [UInt32] in
            let percent = generator.below(100)
            if percent < gaining { return [3, 1] }
            if percent < gaining + losing { return [1, 3] }
            return percent < 50 ? [1, 1] : [9, 9]
        }
        return RankTable(queries: queries, variants: 2, ranks: ranks)
    }

    func gain(_ table: RankTable, seed: UInt64) -> ConfidenceInterval {
        HalvesTuning(
            table: table, candidates: [0, 1], none: 0, current: 0, repeats: 40, seed: seed, beforeDivision: {}
        ).gainOverNone
    }

    @Test func manyQueriesShowAGainOfSixPoints() {
        let shown = (UInt64(0)..<20).count { seed in
            gain(table(queries: 1000, gaining: 8, losing: 2, seed: seed), seed: seed).low > 0
        }
        #expect(shown >= 18)
    }

    /// Of 40 queries about two gain and one loses, a difference that chance alone can make.
    @Test func fortyQueriesCannotTellAGainOfThreePoints() {
        let shown = (UInt64(0)..<100).count { seed in
            gain(table(queries: 40, gaining: 6, losing: 3, seed: seed), seed: seed).low > 0
        }
        #expect(shown <= 5)
    }
}
