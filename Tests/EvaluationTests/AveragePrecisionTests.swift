import Evaluation
import Testing

@Suite struct AveragePrecisionTests {
    @Test func theRanksOfAllAnswersInAnyOrder() {
        // (1 / 1 + 2 / 3) / 2, then (1 / 2 + 2 / 4 + 3 / 10) / 3.
        #expect(abs(AveragePrecision(ranks: [3, 1]).value - 5 / 6.0) < 1e-15)
        #expect(abs(AveragePrecision(ranks: [2, 4, 10]).value - 13 / 30.0) < 1e-15)
    }

    @Test func oneAnswerGivesTheReciprocalRank() {
        #expect(AveragePrecision(ranks: [8]).value == 0.125)
    }

    @Test func answersThatTheRankingLacksCountAsZero() {
        let value = AveragePrecision(ranking: [7, 2, 9, 4], answers: [9, 7, 100]).value
        // (1 / 1 + 2 / 3 + 0) / 3.
        #expect(abs(value - 5 / 9.0) < 1e-15)
    }

    @Test func emptyInputGivesZero() {
        #expect(AveragePrecision(ranks: []).value == 0)
        #expect(AveragePrecision(ranking: [1, 2], answers: []).value == 0)
        #expect(AveragePrecision(ranking: [], answers: [1]).value == 0)
    }

    @Test func theMeanOfSeveralQueriesByHand() {
        // The first query has right answers at the ranks 3 and 1 under variant 0, the second one at rank 4 under variant 1.
        let ranks: [UInt32] = [3, 9, 1, 8, 7, 4]
        let mean = AveragePrecision.mean(ranks: ranks, variants: 2, answers: [2, 1]) { $0 }
        #expect(abs(mean - (5 / 6.0 + 1 / 4.0) / 2) < 1e-12)
        #expect(AveragePrecision.mean(ranks: [], variants: 2, answers: []) { $0 } == 0)
    }
}
