internal import Glibc

/// Maps values to positions on an axis of a picture.
struct Scale {
    /// The values at the two ends.
    let values: ClosedRange<Double>
    /// The position of the lowest value.
    let start: Double
    /// The position of the highest value.
    let end: Double
    /// Whether equal ratios of values, instead of equal differences, are equally far apart.
    let isLogarithmic: Bool

    /// A linear scale; if all values are equal, they lie in the middle.
    init(_ values: ClosedRange<Double>, from start: Double, to end: Double) {
        let isPoint = values.lowerBound == values.upperBound
        self.values = isPoint ? values.lowerBound - 0.5...values.upperBound + 0.5 : values
        (self.start, self.end, isLogarithmic) = (start, end, false)
    }

    /// A logarithmic scale of values above 0.
    init(logarithmic values: ClosedRange<Double>, from start: Double, to end: Double) {
        precondition(values.lowerBound > 0)
        let isPoint = values.lowerBound == values.upperBound
        self.values = isPoint ? values.lowerBound / 2...values.upperBound * 2 : values
        (self.start, self.end, isLogarithmic) = (start, end, true)
    }

    /// The position of a value; values outside of the range lie at its ends.
    func position(_ value: Double) -> Double {
        let value = min(max(value, values.lowerBound), values.upperBound)
        let share =
            isLogarithmic
            ? log(value / values.lowerBound) / log(values.upperBound / values.lowerBound)
            : (value - values.lowerBound) / (values.upperBound - values.lowerBound)
        return start + share * (end - start)
    }

    /// Round values inside of the range: multiples of 1, 2 or 5 times a power of ten, about `count` of them.
    ///
    /// On a logarithmic scale they are powers of ten.
    func ticks(about count: Int) -> [Double] {
        if isLogarithmic {
            let first = Int(log10(values.lowerBound).rounded(.up))
            let last = Int(log10(values.upperBound).rounded(.down))
            return first <= last ? (first...last).map { pow(10, Double($0)) } : []
        }
        let step = Self.roundStep((values.upperBound - values.lowerBound) / Double(count))
        let first = (values.lowerBound / step - 1e-9).rounded(.up)
        let last = (values.upperBound / step + 1e-9).rounded(.down)
        // `+ 0` makes a zero without a sign.
        return first <= last ? stride(from: first, through: last, by: 1).map { $0 * step + 0 } : []
    }

    /// The number of decimals that tell the ticks apart.
    static func decimals(of ticks: [Double]) -> Int {
        guard ticks.count > 1 else { return 1 }
        return max(0, Int(-log10(ticks[1] - ticks[0] + 1e-12).rounded(.down)))
    }

    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        for factor in [1.0, 2, 5] where step <= factor * power * 1.0001 { return factor * power }
        return 10 * power
    }
}
