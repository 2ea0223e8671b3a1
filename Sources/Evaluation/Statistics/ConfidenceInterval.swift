/// A value that was estimated from a sample, with its 95% confidence interval.
package struct ConfidenceInterval: Equatable, Sendable {
    package let value: Double
    package let low: Double
    package let high: Double

    package init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// Whether the interval contains zero, bounds included.
    package var coversZero: Bool { low <= 0 && high >= 0 }

    /// The mean of differences with the percentile interval of a paired bootstrap.
    ///
    /// Each resample draws as many differences as there are, with replacement, and takes their mean. The interval goes
    /// from the 2.5% to the 97.5% quantile of these means (Efron and Tibshirani, "An introduction to the bootstrap",
    /// 1993, section 13.3). Without differences the value and both bounds are 0.
    ///
    /// - Parameters:
    ///   - differences: for each query the result of one method minus the result of the other.
    ///   - resamples: the number of resamples, at least 1.
    ///   - seed: the seed of a ``SeededGenerator`` that draws positions with `below`, one resample after the other.
    package static func pairedBootstrap(differences: [Double], resamples: Int = 1000, seed: UInt64) -> Self {
        guard !differences.isEmpty else { return Self(value: 0, low: 0, high: 0) }
        var generator = SeededGenerator(seed: seed)
        let count = differences.count
        let means = (0..<resamples).map { _ in
            var sum = 0.0
            for _ in 0..<count { sum += differences[generator.below(count)] }
            return sum / Double(count)
        }
        let quantiles = Quantiles(values: means)
        return Self(
            value: differences.reduce(0, +) / Double(count), low: quantiles.value(at: 0.025),
            high: quantiles.value(at: 0.975))
    }
}
