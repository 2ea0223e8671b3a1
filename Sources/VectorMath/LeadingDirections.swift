/// The mean of a sample of vectors, and the directions in which the sample varies most.
///
/// The directions are approximations of the first eigenvectors of the covariance matrix, computed by subspace iteration
/// (Halko, Martinsson and Tropp, Finding structure with randomness, SIAM Review 2011, algorithm 4.4).
package struct LeadingDirections: Sendable {
    /// The mean of all vectors of the sample, summed in double precision.
    package let mean: [Double]
    /// The directions, each of `dimension` components, the one with the largest variance first.
    ///
    /// There are ``CodeRotation/leadingCount(dimension:)`` of them, or fewer if the sample has fewer vectors or if all
    /// its vectors are equal. Directions without any variance can be zero or arbitrary.
    package let directions: [Float]

    /// Computes the mean and the directions.
    ///
    /// - Parameters:
    ///   - sample: the vectors, count x dimension. All components are finite, and there is at least one vector. At most
    ///     ``rows(dimension:)`` of them, evenly spaced, give the directions.
    ///   - dimension: the number of components of a vector.
    package init(sample: Span<Float>, dimension: Int) {
        let count = sample.count / dimension
        precondition(count > 0 && sample.count == count * dimension)
        let mean = Self.mean(sample, dimension: dimension)
        self.mean = mean
        let used = min(count, Self.rows(dimension: dimension))
        let wanted = min(used, CodeRotation.leadingCount(dimension: dimension))
        let centered = Self.centered(sample, mean: mean, rows: (0..<used).map { $0 * count / used })
        guard wanted > 0, let centered else {
            directions = []
            return
        }
        directions = Self.iterate(centered, dimension: dimension, wanted: wanted)
    }

    /// The maximum number of vectors from which directions are computed.
    ///
    /// Their floats take 64 MiB at most, unless 64 vectors take more.
    package static func rows(dimension: Int) -> Int {
        min(2048, max(64, (1 << 24) / dimension))
    }

    private static let iterations = 8

    /// Multiplies random directions with the covariance matrix several times, and makes them orthonormal each time.
    ///
    /// - Parameters:
    ///   - centered: the differences from the mean, rows x dimension.
    ///   - wanted: the number of directions.
    /// - Returns: wanted x dimension. A direction without variance is zero.
    private static func iterate(_ centered: [Float], dimension: Int, wanted: Int) -> [Float] {
        let rows = centered.count / dimension
        var transposed = [Float](repeating: 0, count: centered.count)
        for row in 0..<rows {
            for index in 0..<dimension { transposed[index * rows + row] = centered[row * dimension + index] }
        }
        var random = SplitMix64(seed: 1)
        var directions = (0..<wanted * dimension).map { _ in random.next() & 1 == 0 ? Float(1) : -1 }
        var products = [Float](repeating: 0, count: wanted * rows)
        for _ in 0..<iterations {
            Kernels.products(centered.span, directions.span, dimension: dimension, into: &products)
            Kernels.products(transposed.span, products.span, dimension: rows, into: &directions)
            orthonormalise(&directions, dimension: dimension)
        }
        return directions
    }

    /// Makes vectors orthonormal, the first ones first; one that depends on those before it becomes zero.
    private static func orthonormalise(_ vectors: inout [Float], dimension: Int) {
        for start in stride(from: 0, to: vectors.count, by: dimension) {
            var vector = vectors[start..<start + dimension].map(Double.init)
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for other in stride(from: 0, to: start, by: dimension) {
                var product = 0.0
                for index in 0..<dimension { product += vector[index] * Double(vectors[other + index]) }
                for index in 0..<dimension { vector[index] -= product * Double(vectors[other + index]) }
            }
            let rest = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let factor = rest > 1e-6 * length ? 1 / rest : 0
            for index in 0..<dimension { vectors[start + index] = Float(vector[index] * factor) }
        }
    }

    private static func mean(_ sample: Span<Float>, dimension: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: dimension)
        for start in stride(from: 0, to: sample.count, by: dimension) {
            for index in 0..<dimension { sums[index] += Double(sample[start + index]) }
        }
        let count = Double(sample.count / dimension)
        return sums.map { $0 / count }
    }

    /// The differences between some vectors and the mean, divided by the largest magnitude, so that no product
    /// overflows.
    ///
    /// - Returns: rows.count x dimension; `nil` if all vectors are equal.
    private static func centered(_ sample: Span<Float>, mean: [Double], rows: [Int]) -> [Float]? {
        let dimension = mean.count
        var largest = 0.0
        for row in rows {
            for index in 0..<dimension {
                largest = max(largest, abs(Double(sample[row * dimension + index]) - mean[index]))
            }
        }
        guard largest > 0, largest.isFinite else { return nil }
        var centered: [Float] = []
        centered.reserveCapacity(rows.count * dimension)
        for row in rows {
            for index in 0..<dimension {
                centered.append(Float((Double(sample[row * dimension + index]) - mean[index]) / largest))
            }
        }
        return centered
    }
}
