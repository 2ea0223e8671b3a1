package import Foundation
package import ShardFormats

/// A shard that has been read and checked, ready for a commit.
package struct IncomingShard: Sendable {
    /// The name of the shard's file, `words-0000.npy` for example.
    ///
    /// A shard with the role, name and hashes of an earlier receipt takes no effect again.
    package let name: String
    package let role: VectorRole
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the sidecar with the ids, if one came with the shard.
    package let idsSHA256: String?
    /// The ids of the shard's rows, no two the same.
    package let ids: [String]
    package let content: Content
    /// When the daemon began to read the shard.
    package let received: Date

    /// The effect of a shard on the rows of its ids.
    package enum Content: Sendable {
        /// Every id gets a vector; the vectors of known ids are replaced.
        case vectors(PreparedVectors)
        /// Every id gets a vector that lies in the store already.
        case staged(StagedImages)
        /// The ids are removed from the corpus.
        case deletion
    }

    /// Makes a shard.
    ///
    /// - Parameters:
    ///   - name: the name of the shard's file.
    ///   - role: whether the vectors are images or references.
    ///   - sha256: SHA-256 of the file, in hexadecimal.
    ///   - idsSHA256: SHA-256 of the sidecar, if the shard has one.
    ///   - ids: the ids of the rows, no two the same.
    ///   - content: the effect on the rows of these ids.
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
