internal import CFaiss

/// The mean of a sample of vectors, and the directions in which the sample varies most.
///
/// The directions are the first eigenvectors of the covariance matrix. Faiss's `PCAMatrix` computes them.
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
    /// It takes less than a second: at most ``rows(dimension:)`` vectors, evenly spaced in the sample, give the
    /// directions.
    ///
    /// - Parameters:
    ///   - sample: the vectors, count x dimension. All components are finite, and there is at least one vector.
    ///   - dimension: the number of components of a vector.
    /// - Throws: ``FaissFailure`` if Faiss fails.
    package init(sample: Span<Float>, dimension: Int) throws(FaissFailure) {
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
        var directions = [Float](repeating: 0, count: wanted * dimension)
        try unsafe FaissFailure.check {
            unsafe cf_leading_directions(centered, used, dimension, wanted, &directions, $0, $1)
        }
        self.directions = directions
    }

    /// The largest number of vectors from which directions are computed.
    ///
    /// Faiss takes the eigenvectors of a dimension x dimension matrix, or of a rows x rows matrix if there are fewer
    /// rows than dimensions. The reference implementation of BLAS needs about half a second for the largest of these.
    package static func rows(dimension: Int) -> Int {
        guard dimension > 512 else { return 4096 }
        // The time of the products of all pairs of rows grows with rows x rows x dimension.
        return min(512, Int((0x1p28 / Double(dimension)).squareRoot()))
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
