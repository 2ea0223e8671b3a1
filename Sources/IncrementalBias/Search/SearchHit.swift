/// An image that a search found for one query.
package struct SearchHit: Equatable, Sendable {
    package let id: String
    /// similarity - bias.
    package let score: Float
    /// The inner product of the query and the image.
    package let similarity: Float
    /// alpha x the mean of the image's k largest similarities to references.
    package let bias: Float

    package init(id: String, score: Float, similarity: Float, bias: Float) {
        (self.id, self.score, self.similarity, self.bias) = (id, score, similarity, bias)
    }
}
