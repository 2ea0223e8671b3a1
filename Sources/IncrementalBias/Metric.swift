/// What the similarity of two vectors is.
package enum Metric: String, CaseIterable, Codable, Sendable {
    /// The inner product of the normalised vectors: every vector is scaled to length 1 when it arrives.
    case cosine
    /// The inner product of the vectors as they are.
    case innerProduct = "inner-product"

    /// The greatest length of a vector under ``innerProduct``: products of two such stay far inside a float's range.
    package static let greatestNorm = 1e18
}
