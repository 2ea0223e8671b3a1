package import Foundation
package import ShardFormats

/// What the store keeps of a shard that took effect.
package struct Receipt: Codable, Equatable, Sendable {
    /// Receipts are numbered in the order of their commits, from 0.
    package let number: UInt64
    /// The name of the shard's file, `words-0000.npy` say.
    package let name: String
    package let kind: VectorRole
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the file of ids that came with it, if one did.
    package let idsSHA256: String?
    package let action: Action
    /// Rows in the shard; for a deletion, ids.
    package let rows: Int
    /// How many of them replaced a row that had the same id; for a deletion, how many were there to be deleted.
    package let replaced: Int
    /// The generation that made it visible.
    package let generation: UInt64
    /// When the daemon began to read it.
    package let received: Date
    /// When its commit began.
    package let committed: Date

    /// What the shard did.
    package enum Action: String, Codable, Sendable {
        case add
        case delete
    }

    private enum CodingKeys: String, CodingKey {
        case number, name, kind, sha256
        case idsSHA256 = "ids_sha256"
        case action, rows, replaced, generation, received, committed
    }

    /// The receipt of a shard in a commit.
    init(number: UInt64, shard: IncomingShard, replaced: Int, generation: UInt64, committed: Date) {
        self.number = number
        name = shard.name
        kind = shard.kind
        sha256 = shard.sha256
        idsSHA256 = shard.idsSHA256
        action = if case .deletion = shard.content { .delete } else { .add }
        rows = shard.ids.count
        self.replaced = replaced
        self.generation = generation
        received = shard.received.inMilliseconds
        self.committed = committed.inMilliseconds
    }

    /// Whether this receipt is for the same content as `shard`.
    func covers(_ shard: IncomingShard) -> Bool {
        sha256 == shard.sha256 && idsSHA256 == shard.idsSHA256
    }

    /// Whether what should be SHA-256 digests are.
    var hasDigests: Bool {
        [sha256, idsSHA256].allSatisfy { digest in
            digest.map { $0.utf8.count == 64 && $0.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit } }
                ?? true
        }
    }

    static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .millisecondsSince1970
        encoder.outputFormatting = [.sortedKeys]
        return encoder
    }()

    static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .millisecondsSince1970
        return decoder
    }()
}

extension Date {
    /// The time to the millisecond, which is what a receipt keeps.
    fileprivate var inMilliseconds: Date {
        Date(timeIntervalSince1970: (timeIntervalSince1970 * 1000).rounded() / 1000)
    }
}
