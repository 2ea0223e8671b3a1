/// The two roles that the vectors of a shard can have.
package enum VectorRole: String, CaseIterable, Codable, Sendable {
    /// The vectors that searches find.
    case images
    /// The reference queries from which biases are computed.
    case references
}
