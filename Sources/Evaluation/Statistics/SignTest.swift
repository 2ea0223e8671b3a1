import Foundation

/// The exact test of McNemar for two methods that each answer the same queries right or wrong.
///
/// Source: McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 1947,
/// in its exact form, a sign test of the queries that only one of the methods answers right.
package enum SignTest {
    /// The probability that chance alone makes the methods differ at least as much (two-sided).
    ///
    /// - Parameters:
    ///   - first: the number of queries that only the first method answers right.
    ///   - second: the number of queries that only the second method answers right.
    package static func probability(first: Int, second: Int) -> Double {
        let (fewer, total) = (min(first, second), first + second)
        // The sum of the binomial probabilities of 0 to `fewer` out of `total`, by logarithms, which do not underflow.
        let sum = (0...fewer).reduce(0.0) { sum, count in
            let choose = lgamma(Double(total + 1)) - lgamma(Double(count + 1)) - lgamma(Double(total - count + 1))
            return sum + exp(choose - Double(total) * log(2))
        }
        return min(1, 2 * sum)
    }
}
