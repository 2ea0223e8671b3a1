internal import VectorMath

/// The space in which images are near the same centroid: that of all vectors, stretched along the directions in which
/// queries differ most.
///
/// Two images have similar scores for most queries if they differ little in these directions. Stretched vectors have
/// length 1.
struct CellSpace: Sendable {
    let dimension: Int
    /// Orthonormal directions, count x dimension.
    let directions: [Float]
    /// For each direction the factor by which vectors become longer, minus 1.
    let stretches: [Float]

    /// With fewer references, nothing is known about queries.
    private static let minimumReferences = 100

    /// - Parameters:
    ///   - directions: orthonormal, count x dimension.
    ///   - stretches: one for each of them.
    init(dimension: Int, directions: [Float] = [], stretches: [Float] = []) {
        (self.dimension, self.directions, self.stretches) = (dimension, directions, stretches)
    }

    /// The space for queries that resemble references.
    ///
    /// A direction is stretched by the fourth root of the variance of the references in it, in relation to the mean
    /// variance in the directions that are not leading ones. With the square root, the distance of two images would be
    /// the mean difference of their similarities to queries, but real texts would need twice as many cells.
    ///
    /// - Parameter references: vectors of references, count x dimension.
    init(references: [Float], dimension: Int) {
        let count = references.count / dimension
        guard count >= Self.minimumReferences else {
            self.init(dimension: dimension)
            return
        }
        let leading = LeadingDirections(sample: references.span, dimension: dimension)
        let directions = leading.directions
        let number = directions.count / dimension
        var products = [Float](repeating: 0, count: count * number)
        if number > 0 {
            Kernels.products(references.span, directions.span, dimension: dimension, into: &products)
        }
        var total = 0.0
        for row in 0..<count {
            for index in 0..<dimension {
                let difference = Double(references[row * dimension + index]) - leading.mean[index]
                total += difference * difference
            }
        }
        let variances = (0..<number).map { direction in
            let values = products[direction * count..<(direction + 1) * count].map(Double.init)
            let mean = values.reduce(0, +) / Double(count)
            return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
        }
        let rest = (total / Double(count) - variances.reduce(0, +)) / Double(max(1, dimension - number))
        let stretches = variances.map { variance in
            guard rest > 0, variance > rest else { return Float(0) }
            return Float(min(Self.maximumStretch, (variance / rest).squareRoot().squareRoot()) - 1)
        }
        self.init(dimension: dimension, directions: directions, stretches: stretches)
    }

    private static let maximumStretch = 16.0

    /// Decodes the stored form: the stretches, then the directions.
    ///
    /// - Returns: `nil` if the numbers are impossible.
    init?(stored: [UInt8], dimension: Int) {
        guard stored.count % 4 == 0 else { return nil }
        let numbers = NumberView.floats(of: stored)
        let count = numbers.count / (dimension + 1)
        guard numbers.count == count * (dimension + 1), numbers.allSatisfy(\.isFinite) else { return nil }
        self.init(
            dimension: dimension, directions: Array(numbers[count...]), stretches: Array(numbers[..<count]))
    }

    /// The stored form, which ``init(stored:dimension:)`` decodes.
    var stored: [Float] { stretches + directions }

    /// Stretches vectors, and scales them to length 1; zero vectors stay as they are.
    ///
    /// - Parameter vectors: count x dimension.
    func apply(_ vectors: [Float]) -> [Float] {
        let count = vectors.count / dimension
        var stretched = vectors
        if !stretches.isEmpty, count > 0 {
            var products = [Float](repeating: 0, count: count * stretches.count)
            Kernels.products(vectors.span, directions.span, dimension: dimension, into: &products)
            for (direction, stretch) in stretches.enumerated() where stretch > 0 {
                for row in 0..<count {
                    let factor = stretch * products[direction * count + row]
                    let (start, own) = (row * dimension, direction * dimension)
                    for index in 0..<dimension { stretched[start + index] += factor * directions[own + index] }
                }
            }
        }
        SharedRows.with(&stretched, dimension: dimension) { rows in
            for row in 0..<count {
                let norm = rows.norm(row)
                if norm > 0 { rows.normalise(row, norm: norm) }
            }
        }
        return stretched
    }
}
