package import Foundation

/// A shard on its way into the corpus.
package struct IncomingShard: Sendable {
    /// The name of its file, `words-0000.npy` say.
    ///
    /// With the kind and the hashes, it tells whether it came before.
    package let name: String
    package let kind: Kind
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the file of ids that came with it, if one did.
    package let idsSHA256: String?
    /// Numbers per vector.
    package let dimension: Int
    /// The ids of the rows, no two the same.
    package let ids: [String]
    /// The vectors, ids.count x dimension, finite.
    package let values: [Float]
    /// When it was received.
    package let received: Date

    /// - Parameters:
    ///   - name: the name of its file.
    ///   - kind: what its vectors are.
    ///   - sha256: SHA-256 of the file, in hexadecimal.
    ///   - idsSHA256: SHA-256 of its file of ids, if it has one.
    ///   - dimension: numbers per vector.
    ///   - ids: the ids of the rows, no two the same.
    ///   - values: the vectors, ids.count x dimension, finite.
    ///   - received: when it was received.
    package init(
        name: String, kind: Kind, sha256: String, idsSHA256: String?, dimension: Int, ids: [String], values: [Float],
        received: Date
    ) {
        precondition(dimension > 0 && ids.count * dimension == values.count)
        self.name = name
        self.kind = kind
        self.sha256 = sha256
        self.idsSHA256 = idsSHA256
        self.dimension = dimension
        self.ids = ids
        self.values = values
        self.received = received
    }
}
