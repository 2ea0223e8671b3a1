import Evaluation
import Testing

@Suite struct AntihubChoiceTests {
    @Test func theWeakestCorrectionNearTheFewestAntihubsIsChosen() {
        // 110 - 100 <= 1.96 sqrt(110 + 100) = 28.4; 400 and 900 are too many.
        let choice = AntihubChoice(
            antihubs: [900, 100, 110, 110, 400], ks: [1, 1, 8, 16, 32], alphas: [0, 1, 0.5, 0.5, 0.5])
        #expect(choice.nearBest == [1, 2, 3])
        #expect(choice.chosen == 3)
    }

    @Test func theBoundIsThatOfTwoCounts() {
        // 130 - 100 = 30 is more than 1.96 sqrt(130 + 100) = 29.7; 129 - 100 = 29 is less than 1.96 sqrt(229) = 29.66.
        let choice = AntihubChoice(antihubs: [100, 130, 129], ks: [1, 2, 4], alphas: [1, 1, 1])
        #expect(choice.nearBest == [0, 2])
        #expect(choice.isNearBest(129) && !choice.isNearBest(130))
        #expect(choice.chosen == 2)
    }

    @Test func withoutAntihubsAllPairsAreNear() {
        let choice = AntihubChoice(antihubs: [0, 0], ks: [4, 4], alphas: [0.5, 0])
        #expect(choice.nearBest == [0, 1])
        #expect(choice.chosen == 1)
    }

    @Test func onePair() {
        #expect(AntihubChoice(antihubs: [7], ks: [1], alphas: [1]).chosen == 0)
    }
}
