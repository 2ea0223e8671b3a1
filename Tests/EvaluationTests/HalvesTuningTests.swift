import Evaluation
import Testing

@Suite struct HalvesTuningTests {
    @Test func fourQueriesByHand() {
        // Variant 0 is `none`, variant 1 is the other candidate.
        let table = RankTable(queries: 4, variants: 2, ranks: [2, 1, 1, 3, 5, 1, 1, 1])
        // With the seed 0 the orders are (2, 0, 1, 3), (1, 2, 0, 3) and (1, 3, 2, 0). The first halves choose 1 by
        // recall, 1 by mean reciprocal rank, and 0 by recall. The second halves have 1, 2 and 0 hits of the choice, and
        // 2, 1 and 0 hits of variant 0 (1, 2 and 2 of variant 1).
        let tuning = HalvesTuning(table: table, candidates: [0, 1], none: 0, current: 1, repeats: 3, seed: 0) {}
        #expect(tuning.best == 1)
        #expect(tuning.gainOverNone == .ofDivisions(gains: [-0.5, 0.5, 0], choosing: 2, measuring: 2))
        #expect(tuning.gainOverCurrent == .ofDivisions(gains: [0, 0, -1], choosing: 2, measuring: 2))
        #expect(tuning.nearBest == [0, 1])
    }

    @Test func aVariantThatIsAlwaysRightIsChosen() {
        let table = RankTable(queries: 20, variants: 3, ranks: (0..<20).flatMap { _ in [2, 1, 3] as [UInt32] })
        let tuning = HalvesTuning(table: table, candidates: [0, 1, 2], none: 0, current: 1, repeats: 5, seed: 1) {}
        #expect(tuning.best == 1)
        #expect(tuning.gainOverNone == ConfidenceInterval(value: 1, low: 1, high: 1))
        #expect(tuning.gainOverCurrent == ConfidenceInterval(value: 0, low: 0, high: 0))
        #expect(tuning.nearBest == [1])
    }

    @Test func ranksDecideAmongEqualRecalls() {
        // Variant 2 has the recall of variant 1 and the larger mean reciprocal rank.
        let table = RankTable(queries: 4, variants: 3, ranks: [2, 1, 1, 2, 1, 1, 2, 9, 2, 2, 9, 9])
        let tuning = HalvesTuning(table: table, candidates: [0, 1, 2], none: 0, current: 0, repeats: 1, seed: 0) {}
        #expect(tuning.best == 2)
    }

    @Test func theEarliestCandidateDecidesAmongEqualOnes() {
        // Both variants have the ranks 1, 2 and 3, in another order of the queries.
        let table = RankTable(queries: 3, variants: 2, ranks: [1, 3, 2, 1, 3, 2])
        for candidates in [[0, 1], [1, 0]] {
            let tuning = HalvesTuning(
                table: table, candidates: candidates, none: 0, current: 1, repeats: 2, seed: 4
            ) {}
            #expect(tuning.best == candidates[0])
            #expect(tuning.nearBest == candidates)
        }
    }

    @Test func variantsThatAreNoCandidatesAreNotChosen() {
        let table = RankTable(queries: 4, variants: 2, ranks: [1, 2, 1, 2, 1, 2, 1, 2])
        let tuning = HalvesTuning(table: table, candidates: [1], none: 0, current: 0, repeats: 3, seed: 0) {}
        #expect(tuning.best == 1 && tuning.nearBest == [1])
        #expect(tuning.gainOverNone == ConfidenceInterval(value: -1, low: -1, high: -1))
        #expect(tuning.gainOverCurrent == tuning.gainOverNone)
    }

    @Test(arguments: [0, 1])
    func fewerThanTwoQueriesMeasureNothing(queries: Int) {
        let table = RankTable(queries: queries, variants: 2, ranks: Array([2, 1].prefix(2 * queries)))
        let tuning = HalvesTuning(table: table, candidates: [0, 1], none: 0, current: 0, repeats: 10, seed: 0) {}
        #expect(tuning.best == queries)
        #expect(tuning.gainOverNone == ConfidenceInterval(value: 0, low: -1, high: 1))
        #expect(tuning.nearBest == [0, 1])
    }

    @Test func anErrorBeforeADivisionEndsTheWork() {
        let table = RankTable(queries: 2, variants: 1, ranks: [1, 1])
        var divisions = 0
        #expect(throws: CancellationError.self) {
            try HalvesTuning(table: table, candidates: [0], none: 0, current: 0, repeats: 10, seed: 0) {
                divisions += 1
                if divisions == 3 { throw CancellationError() }
            }
        }
        #expect(divisions == 3)
    }
}
