import Foundation

/// The sums of exp(beta x similarity) over the similarities of one image, for all of ``betas``.
///
/// Similarities come in pieces. The largest one so far is subtracted from all, so that no term is above 1 and no sum
/// overflows, whatever the length of the vectors.
package struct SimilaritySums: Sendable {
    /// The values of beta: two series, in which each value is twice the one before, so that exp(2 x) can be computed as
    /// exp(x) squared.
    package static let betas: [Double] = [5, 7.5, 10, 15, 20, 30, 40, 60, 80]

    /// The largest similarity so far.
    private var largest = -Float.infinity
    /// For the betas 5 and 7.5, then 10 and 15, and so on the sums of exp(beta x (similarity - largest)).
    private var pairs = [SIMD2<Double>](repeating: .zero, count: 4)
    /// The same sum for the last beta, 80.
    private var last = 0.0

    package init() {}

    /// Adds similarities.
    ///
    /// - Parameters:
    ///   - similarities: finite numbers.
    ///   - weight: how often each one counts, above 0. A sample of the similarities counts as all of them with the
    ///     weight all / sample.
    package mutating func add(_ similarities: Span<Float>, weight: Double = 1) {
        guard !similarities.isEmpty else { return }
        var greatest = largest
        for index in similarities.indices { greatest = max(greatest, similarities[index]) }
        raise(to: greatest)
        var (first, second, third, fourth) = (pairs[0], pairs[1], pairs[2], pairs[3])
        for index in similarities.indices {
            let distance = Double(similarities[index]) - Double(greatest)
            var term = SIMD2(exp(Self.betas[0] * distance), exp(Self.betas[1] * distance))
            first += weight * term
            term *= term
            second += weight * term
            term *= term
            third += weight * term
            term *= term
            fourth += weight * term
            last += weight * term.x * term.x
        }
        pairs = [first, second, third, fourth]
    }

    /// ln(sum of exp(beta x similarity)) for each of ``betas``; zeros without similarities.
    package var logarithms: [Double] {
        guard largest.isFinite else { return Self.betas.map { _ in 0 } }
        let sums = pairs.flatMap { [$0.x, $0.y] } + [last]
        return zip(Self.betas, sums).map { beta, sum in log(sum) + beta * Double(largest) }
    }

    /// Makes a similarity the largest one.
    private mutating func raise(to greatest: Float) {
        guard greatest > largest else { return }
        if largest.isFinite {
            let distance = Double(largest) - Double(greatest)
            for pair in pairs.indices {
                pairs[pair] *= SIMD2(exp(Self.betas[2 * pair] * distance), exp(Self.betas[2 * pair + 1] * distance))
            }
            last *= exp(Self.betas[8] * distance)
        }
        largest = greatest
    }
}
