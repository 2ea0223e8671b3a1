/// The numbers of values in bins of equal width.
package struct EvenHistogram: Equatable, Sendable {
    /// The left edge of the first bin.
    package let low: Double
    /// The right edge of the last bin.
    package let high: Double
    /// The number of values in each bin.
    package let counts: [Int]

    /// Counts values in bins that go from the smallest value to the largest one.
    ///
    /// A value on an edge belongs to the bin on the right of it; the largest value belongs to the last bin. If all
    /// values are equal, the bins go from 0.5 below to 0.5 above the value. Without values they go from 0 to 1.
    ///
    /// - Parameters:
    ///   - values: finite numbers.
    ///   - bins: the number of bins, at least 1.
    package init(values: [Float], bins: Int) {
        precondition(bins > 0, "a histogram has at least one bin")
        var counts = [Int](repeating: 0, count: bins)
        guard let smallest = values.min(), let largest = values.max() else {
            (low, high, self.counts) = (0, 1, counts)
            return
        }
        let margin = smallest == largest ? 0.5 : 0
        let (low, high) = (Double(smallest) - margin, Double(largest) + margin)
        for value in values {
            let bin = Int((Double(value) - low) / (high - low) * Double(bins))
            counts[min(bin, bins - 1)] += 1
        }
        (self.low, self.high, self.counts) = (low, high, counts)
    }
}
