/// How far numbers are from their median, measured so that a few outliers change little.
package struct RobustDeviation: Equatable, Sendable {
    /// The median of the numbers; 0 without numbers.
    package let median: Double
    /// The median of the distances from the median, times 1.4826.
    ///
    /// For numbers from a normal distribution it estimates the standard deviation. If more than half of the numbers are
    /// equal, that median is 0; then it is the mean of the distances from the median, times 1.253314, which also
    /// estimates the standard deviation (Iglewicz and Hoaglin, "How to detect and handle outliers", 1993). It is 0 if
    /// all numbers are equal.
    package let deviation: Double

    /// Measures numbers, of which none may be NaN.
    package init(values: [Float]) {
        let median = Quantiles(values: values).median
        let distances = values.map { abs(Double($0) - median) }
        let typical = Quantiles(values: distances).median
        self.median = median
        if typical > 0 {
            deviation = 1.4826 * typical
        } else {
            deviation = values.isEmpty ? 0 : 1.253314 * distances.reduce(0, +) / Double(values.count)
        }
    }

    /// The robust z-score of a number: (value - median) / deviation; 0 if the deviation is 0.
    package func z(of value: Float) -> Double { deviation > 0 ? (Double(value) - median) / deviation : 0 }
}
