/// The mean of vectors that come one after the other.
package struct MeanVector: Sendable {
    private var sums: [Double]
    private var count = 0

    package init(dimension: Int) { sums = [Double](repeating: 0, count: dimension) }

    /// Adds a vector of the given dimension.
    package mutating func add(_ vector: Span<Float>) {
        precondition(vector.count == sums.count, "a vector of dimension \(vector.count) instead of \(sums.count)")
        for index in vector.indices { sums[index] += Double(vector[index]) }
        count += 1
    }

    /// The mean of the vectors; zeros without vectors.
    package var value: [Double] { sums.map { $0 / Double(max(count, 1)) } }
}
