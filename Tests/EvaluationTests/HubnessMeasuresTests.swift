import Evaluation
import Testing

@Suite struct HubnessMeasuresTests {
    @Test func oneHubAmongFourImages() {
        let hubness = HubnessMeasures(appearances: [0, 4, 0, 0])
        // Mean 1, variance (1 + 1 + 1 + 9) / 4 = 3, third moment (-3 + 27) / 4 = 6.
        let expected = 6 / (3 * 3.0.squareRoot())
        #expect(abs(hubness.skewness - expected) < 1e-12)
        #expect(hubness.robinHood == 0.75)
        #expect(hubness.antihubs == 0.75)
        #expect(hubness.largest == 4)
        #expect(hubness.histogram == [.init(appearances: 0, images: 3), .init(appearances: 4, images: 1)])
        #expect(hubness.lorenz.count == 101)
        #expect(hubness.lorenz[75] == 0 && hubness.lorenz[100] == 1)
        #expect(abs(hubness.lorenz[80] - 0.2) < 1e-12)
    }

    @Test func symmetricAppearancesHaveNoSkewness() {
        let hubness = HubnessMeasures(appearances: [1, 2, 0, 1])
        #expect(hubness.skewness == 0)
        #expect(hubness.robinHood == 0.25)
        #expect(hubness.antihubs == 0.25)
        #expect(hubness.histogram.map(\.appearances) == [0, 1, 2])
        #expect(hubness.histogram.map(\.images) == [1, 2, 1])
        #expect([0, 25, 50, 75, 100].map { hubness.lorenz[$0] } == [0, 0, 0.25, 0.5, 1])
        #expect(abs(hubness.lorenz[30] - 0.05) < 1e-12)
    }

    @Test func equalAppearances() {
        let hubness = HubnessMeasures(appearances: [3, 3, 3])
        #expect([hubness.skewness, hubness.robinHood, hubness.antihubs] == [0, 0, 0])
        #expect(hubness.largest == 3)
        for percent in 0...100 { #expect(abs(hubness.lorenz[percent] - Double(percent) / 100) < 1e-12) }
    }

    @Test func noAppearancesAndNoImages() {
        let unseen = HubnessMeasures(appearances: [0, 0])
        #expect([unseen.skewness, unseen.robinHood, unseen.antihubs] == [0, 0, 1])
        #expect(unseen.largest == 0)
        #expect([unseen.lorenz[50], unseen.lorenz[100]] == [0.5, 1])
        let empty = HubnessMeasures(appearances: [])
        #expect([empty.skewness, empty.robinHood, empty.antihubs] == [0, 0, 0])
        #expect(empty.largest == 0)
        #expect(empty.histogram == [])
        #expect(empty.lorenz.count == 101)
    }
}
