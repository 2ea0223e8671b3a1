package import Foundation
package import ShardFormats

/// A shard on its way into the corpus.
package struct IncomingShard: Sendable {
    /// The name of its file, `words-0000.npy` say.
    ///
    /// With the kind and the hashes, it tells whether the shard came before.
    package let name: String
    package let kind: VectorRole
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the file of ids that came with it, if one did.
    package let idsSHA256: String?
    /// The ids that it is about, no two the same.
    package let ids: [String]
    package let content: Content
    /// When it was received.
    package let received: Date

    /// What becomes of the rows with its ids.
    package enum Content: Sendable {
        /// They get these vectors, one each; those that there are already are replaced.
        case vectors(PreparedVectors)
        /// They get the vectors that are in the store already.
        case staged(StagedImages)
        /// They leave the corpus.
        case deletion
    }

    /// - Parameters:
    ///   - name: the name of its file.
    ///   - kind: what its vectors are.
    ///   - sha256: SHA-256 of the file, in hexadecimal.
    ///   - idsSHA256: SHA-256 of its file of ids, if it has one.
    ///   - ids: the ids that it is about, no two the same.
    ///   - content: what becomes of the rows with these ids.
    ///   - received: when it was received.
    package init(
        name: String, kind: VectorRole, sha256: String, idsSHA256: String?, ids: [String], content: Content,
        received: Date
    ) {
        if case .vectors(let vectors) = content {
            precondition(ids.count * vectors.dimension == vectors.values.count)
        }
        self.name = name
        self.kind = kind
        self.sha256 = sha256
        self.idsSHA256 = idsSHA256
        self.ids = ids
        self.content = content
        self.received = received
    }
}
