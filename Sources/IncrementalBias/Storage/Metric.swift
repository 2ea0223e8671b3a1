/// How the similarity of two vectors is computed.
package enum Metric: String, CaseIterable, Codable, Sendable {
    /// The inner product of the normalised vectors: a vector is scaled to length 1 before it is stored.
    case cosine
    /// The inner product of the vectors.
    case innerProduct = "inner-product"

    /// The greatest length of a vector under ``innerProduct``; products of two such vectors stay far inside the range of a
    /// float.
    package static let greatestNorm = 1e18
}
