package import Foundation
package import ShardFormats

/// A shard that has been read and checked, for a commit.
package struct IncomingShard: Sendable {
    /// The name of the shard's file, for example `words-0000.npy`.
    ///
    /// If the last receipt for this role and name has the same hashes, the shard changes nothing.
    package let name: String
    package let role: VectorRole
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the sidecar (the file with the ids) in hexadecimal, if the shard has one.
    package let idsSHA256: String?
    /// The ids in the shard, all different.
    package let ids: [String]
    package let content: Content
    /// When the daemon began to read the shard.
    package let received: Date

    /// What the shard does with its ids.
    package enum Content: Sendable {
        /// Adds a vector for each id, or replaces the vector that the id has.
        case vectors(PreparedVectors)
        /// Adds an image for each id; the vectors are in the store already.
        case staged(StagedImages)
        /// Removes the ids and their vectors from the corpus.
        case deletion
    }

    /// Creates a shard.
    ///
    /// - Parameters:
    ///   - name: the name of the shard's file.
    ///   - role: whether the vectors are images or references.
    ///   - sha256: SHA-256 of the file, in hexadecimal.
    ///   - idsSHA256: SHA-256 of the sidecar in hexadecimal, if the shard has one.
    ///   - ids: the ids in the shard, all different; in the order of the vectors, if there are vectors.
    ///   - content: what the shard does with these ids.
    ///   - received: when the daemon began to read the shard.
    package init(
        name: String, role: VectorRole, sha256: String, idsSHA256: String?, ids: [String], content: Content,
        received: Date
    ) {
        if case .vectors(let vectors) = content {
            precondition(ids.count * vectors.dimension == vectors.values.count)
        }
        self.name = name
        self.role = role
        self.sha256 = sha256
        self.idsSHA256 = idsSHA256
        self.ids = ids
        self.content = content
        self.received = received
    }
}
