/// How the similarity of two vectors is computed.
package enum Metric: String, CaseIterable, Codable, Sendable {
    /// The inner product of the normalised vectors: vectors are scaled to length 1 before they are stored.
    case cosine
    /// The inner product of the vectors.
    case innerProduct = "inner-product"

    /// The maximum norm of a vector under ``innerProduct``: the product of two such vectors is far below the maximum of
    /// a float.
    package static let maximumNorm = 1e18
}
