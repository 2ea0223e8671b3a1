/// The two roles of a vector in the corpus.
package enum Kind: String, CaseIterable, Codable, Sendable {
    /// Retrieval candidates: what a search finds.
    case images
    /// Reference queries: what biases are computed from.
    case references
}
