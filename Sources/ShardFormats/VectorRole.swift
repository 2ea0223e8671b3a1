/// The role of a vector: image or reference.
///
/// All vectors of a shard have the same role.
package enum VectorRole: String, CaseIterable, Codable, Sendable {
    /// Vectors that searches find.
    case images
    /// Vectors of typical queries, from which the biases of the images are computed.
    case references
}
