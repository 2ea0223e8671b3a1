/// One query of a search.
package struct SearchQuery: Sendable {
    /// The query's vector; it is normalised by the search where the metric wants it.
    package let vector: [Float]
    /// How many images to find.
    package let topK: Int
    /// How much of an image's mean reference similarity counts against it; 0 for the plain ranking.
    package let alpha: Float

    /// - Parameters:
    ///   - vector: the query's vector, finite, of the corpus' dimension.
    ///   - topK: how many images to find, at least 1.
    ///   - alpha: the weight of the correction, at least 0.
    package init(vector: [Float], topK: Int, alpha: Float) {
        self.vector = vector
        self.topK = topK
        self.alpha = alpha
    }
}

/// An image that a search found.
package struct SearchHit: Equatable, Sendable {
    package let id: String
    /// similarity - bias.
    package let score: Float
    package let similarity: Float
    /// alpha x the mean of the image's k largest similarities to references.
    package let bias: Float
}

/// Why a query can't be answered.
package enum QueryRejection: Error, Equatable, Sendable {
    /// The corpus has vectors of another dimension.
    case wrongDimension(found: Int, expected: Int)
    /// A number that is infinite or not one.
    case notFinite
    /// A vector of length 0 has no direction under the cosine metric.
    case zeroVector
    /// Longer than ``Metric/greatestNorm`` under the inner product.
    case tooLarge
}
