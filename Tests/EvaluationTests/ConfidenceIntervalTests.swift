import Evaluation
import Testing

@Suite struct ConfidenceIntervalTests {
    @Test func fourResamplesByHand() {
        // With the seed 0 the positions are (1, 0), (0, 1), (0, 0), (0, 1): means 0.5, 0.5, 0, 0.5.
        let interval = ConfidenceInterval.pairedBootstrap(differences: [0, 1], resamples: 4, seed: 0)
        #expect(interval.value == 0.5)
        #expect(abs(interval.low - 0.0375) < 1e-12)
        #expect(interval.high == 0.5)
    }

    @Test func equalDifferencesAndNone() {
        let equal = ConfidenceInterval.pairedBootstrap(differences: [0.25, 0.25], seed: 1)
        #expect(equal == ConfidenceInterval(value: 0.25, low: 0.25, high: 0.25))
        let empty = ConfidenceInterval.pairedBootstrap(differences: [], seed: 1)
        #expect(empty == ConfidenceInterval(value: 0, low: 0, high: 0))
    }

    @Test func theIntervalHasAboutTheWidthThatTheNormalDistributionGives() {
        // 400 differences of variance 0.16 x 4 (0.8 x 0.2 x 2^2): the standard error of the mean is 0.04.
        let differences = (0..<400).map { $0 % 5 == 0 ? -1.0 : 1 }
        let interval = ConfidenceInterval.pairedBootstrap(differences: differences, seed: 5)
        #expect(interval.value == 0.6)
        // 1.96 standard errors on both sides.
        #expect(abs(interval.low - 0.5216) < 0.012)
        #expect(abs(interval.high - 0.6784) < 0.012)
    }

    @Test func equalSeedsGiveEqualIntervals() {
        let differences = (0..<50).map { Double($0 % 7) }
        let intervals = [1, 1, 2].map { ConfidenceInterval.pairedBootstrap(differences: differences, seed: $0) }
        #expect(intervals[0] == intervals[1] && intervals[0] != intervals[2])
    }

    @Test func boundsBelongToTheInterval() {
        #expect(ConfidenceInterval(value: 1, low: 0, high: 2).coversZero)
        #expect(ConfidenceInterval(value: -1, low: -2, high: 0).coversZero)
        #expect(!ConfidenceInterval(value: 1, low: 0.5, high: 2).coversZero)
        #expect(!ConfidenceInterval(value: -1, low: -2, high: -0.5).coversZero)
    }

    @Test func theIntervalOfDivisionsByHand() {
        // The mean is 0.25, the variance 0.25 / 3, the corrected variance of the mean (1 / 4 + 60 / 40) x 0.25 / 3.
        // The quantile of Student's distribution with 3 degrees of freedom is 3.182.
        let interval = ConfidenceInterval.ofDivisions(gains: [0.5, 0, 0.5, 0], choosing: 40, measuring: 60)
        #expect(interval.value == 0.25)
        #expect(abs(interval.high - 0.25 - 1.2152) < 0.003)
        #expect(abs(interval.low - 0.25 + 1.2152) < 0.003)
    }

    /// The quantiles are those of published tables.
    @Test(arguments: [(3, 4.303), (11, 2.228), (31, 2.042), (101, 1.984)])
    func theIntervalOfDivisionsUsesStudentsDistribution(count: Int, quantile: Double) {
        let gains = (0..<count).map { $0 == 0 ? 1.0 : $0 == 1 ? -1 : 0 }
        let interval = ConfidenceInterval.ofDivisions(gains: gains, choosing: 1, measuring: 1)
        let error = (2 / Double(count - 1) * (1 / Double(count) + 1)).squareRoot()
        #expect(interval.value == 0)
        #expect(abs(interval.high / error - quantile) < 0.01 * quantile)
        #expect(interval.low == -interval.high)
    }

    @Test func equalDivisionsAndTooFewOnes() {
        let equal = ConfidenceInterval.ofDivisions(gains: [0.5, 0.5, 0.5], choosing: 5, measuring: 5)
        #expect(equal == ConfidenceInterval(value: 0.5, low: 0.5, high: 0.5))
        let one = ConfidenceInterval.ofDivisions(gains: [0.5], choosing: 5, measuring: 5)
        #expect(one == ConfidenceInterval(value: 0.5, low: -1, high: 1))
        let none = ConfidenceInterval.ofDivisions(gains: [], choosing: 0, measuring: 1)
        #expect(none == ConfidenceInterval(value: 0, low: -1, high: 1))
    }

    @Test func theSignTestByHand() {
        #expect(SignTest.probability(first: 0, second: 0) == 1)
        // 2 / 2^5, then 2 x (1 + 8) / 2^8.
        #expect(abs(SignTest.probability(first: 5, second: 0) - 0.0625) < 1e-12)
        #expect(abs(SignTest.probability(first: 1, second: 7) - 0.0703125) < 1e-12)
        #expect(SignTest.probability(first: 4, second: 4) == 1)
        // The normal distribution, with a continuity correction, gives 0.0488.
        #expect(abs(SignTest.probability(first: 5200, second: 5000) - 0.0488) < 0.0002)
    }
}
