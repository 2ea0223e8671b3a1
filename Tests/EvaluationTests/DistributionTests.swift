import Evaluation
import Testing

@Suite struct DistributionTests {
    @Test func quantilesAreInterpolated() {
        let quantiles = Quantiles(values: [40.0, 10, 30, 20])
        #expect(quantiles.value(at: 0) == 10 && quantiles.value(at: 1) == 40)
        #expect(quantiles.median == 25)
        #expect(abs(quantiles.value(at: 0.25) - 17.5) < 1e-12)
        #expect(abs(quantiles.value(at: 0.95) - 38.5) < 1e-12)
    }

    @Test func quantilesOfOneNumberAndOfNone() {
        #expect(Quantiles(values: [Float(3)]).value(at: 0.05) == 3)
        #expect(Quantiles(values: [Double]()).median == 0)
    }

    @Test func aHistogramHasBinsOfEqualWidth() {
        let histogram = EvenHistogram(values: [0, 1, 2, 3, 4], bins: 4)
        #expect(histogram.low == 0 && histogram.high == 4)
        #expect(histogram.counts == [1, 1, 1, 2])
        #expect(EvenHistogram(values: [-1, 1, -1, 0.5], bins: 2).counts == [2, 2])
    }

    @Test func aHistogramOfEqualValuesAndOfNone() {
        let equal = EvenHistogram(values: [2, 2, 2], bins: 5)
        #expect(equal.low == 1.5 && equal.high == 2.5 && equal.counts == [0, 0, 3, 0, 0])
        let empty = EvenHistogram(values: [], bins: 2)
        #expect(empty.low == 0 && empty.high == 1 && empty.counts == [0, 0])
    }

    @Test func oneOutlierHardlyChangesTheRobustDeviation() {
        let deviation = RobustDeviation(values: [1, 2, 3, 4, 100])
        #expect(deviation.median == 3 && deviation.deviation == 1.4826)
        #expect(abs(deviation.z(of: 100) - 97 / 1.4826) < 1e-12)
        #expect(abs(deviation.z(of: 1) + 2 / 1.4826) < 1e-12)
    }

    @Test func theMeanDistanceReplacesAMedianDistanceOfZero() {
        let deviation = RobustDeviation(values: [5, 5, 9, 5])
        #expect(deviation.median == 5 && deviation.deviation == 1.253314)
        #expect(abs(deviation.z(of: 9) - 4 / 1.253314) < 1e-12)
    }

    @Test func equalNumbersHaveNoDeviation() {
        let deviation = RobustDeviation(values: [5, 5])
        #expect(deviation.deviation == 0 && deviation.z(of: 5) == 0 && deviation.z(of: 6) == 0)
        #expect(RobustDeviation(values: []).median == 0)
        #expect(RobustDeviation(values: []).z(of: 1) == 0)
    }
}
