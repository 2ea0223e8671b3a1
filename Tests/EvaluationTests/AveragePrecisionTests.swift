import Evaluation
import Testing

@Suite struct AveragePrecisionTests {
    @Test func theRanksOfAllAnswersInAnyOrder() {
        #expect(abs(AveragePrecision(ranks: [3, 1]).value - (1 + 2 / 3.0) / 2) < 1e-15)
        #expect(abs(AveragePrecision(ranks: [2, 4, 10]).value - (0.5 + 0.5 + 0.3) / 3) < 1e-15)
    }

    @Test func oneAnswerGivesTheReciprocalRank() {
        #expect(AveragePrecision(ranks: [8]).value == 0.125)
    }

    @Test func answersThatTheRankingLacksCountAsZero() {
        let value = AveragePrecision(ranking: [7, 2, 9, 4], answers: [9, 7, 100]).value
        #expect(abs(value - (1 + 2 / 3.0) / 3) < 1e-15)
    }

    @Test func emptyInputGivesZero() {
        #expect(AveragePrecision(ranks: []).value == 0)
        #expect(AveragePrecision(ranking: [1, 2], answers: []).value == 0)
        #expect(AveragePrecision(ranking: [], answers: [1]).value == 0)
    }
}
