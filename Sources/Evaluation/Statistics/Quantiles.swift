/// The quantiles of some numbers.
package struct Quantiles: Sendable {
    private let sorted: [Double]

    /// Sorts the numbers, of which none may be NaN.
    package init(values: [Double]) { sorted = values.sorted() }

    /// Sorts the numbers, of which none may be NaN.
    package init(values: [Float]) { self.init(values: values.map(Double.init)) }

    /// The number that the given share of the numbers lie below; 0 without numbers.
    ///
    /// The position (count - 1) x share among the sorted numbers is interpolated linearly, as numpy's `quantile` does.
    ///
    /// - Parameter share: from 0 to 1.
    package func value(at share: Double) -> Double {
        guard let last = sorted.last else { return 0 }
        let position = Double(sorted.count - 1) * share
        let below = Int(position)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (sorted[below + 1] - sorted[below]) * (position - Double(below))
    }

    /// The quantile at 0.5: the middle number, or the mean of the two middle ones.
    package var median: Double { value(at: 0.5) }
}
