package import Foundation
package import ShardFormats

/// The record that the store keeps of a shard that took effect.
package struct Receipt: Codable, Equatable, Sendable {
    /// The number of the receipt: receipts are numbered in the order of their commits, from 0.
    package let number: UInt64
    /// The name of the shard's file, `words-0000.npy` for example.
    package let name: String
    package let role: VectorRole
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the sidecar with the ids, if one came with the shard.
    package let idsSHA256: String?
    package let action: Action
    /// The number of rows in the shard, or of ids in a deletion.
    package let rows: Int
    /// How many of them replaced a row of the same id; in a deletion, how many were there to be deleted.
    package let replaced: Int
    /// The generation that the commit made.
    package let generation: UInt64
    /// When the daemon began to read the shard.
    package let received: Date
    /// When the commit began.
    package let committed: Date

    /// The effect of a shard on the rows of its ids.
    package enum Action: String, Codable, Sendable {
        case add
        case delete
    }

    private enum CodingKeys: String, CodingKey {
        case number, name
        case role = "kind"
        case sha256
        case idsSHA256 = "ids_sha256"
        case action, rows, replaced, generation, received, committed
    }

    /// Makes a receipt; times are rounded to milliseconds, as the store keeps them.
    package init(
        number: UInt64, name: String, role: VectorRole, sha256: String, idsSHA256: String?, action: Action, rows: Int,
        replaced: Int, generation: UInt64, received: Date, committed: Date
    ) {
        self.number = number
        self.name = name
        self.role = role
        self.sha256 = sha256
        self.idsSHA256 = idsSHA256
        self.action = action
        self.rows = rows
        self.replaced = replaced
        self.generation = generation
        self.received = received.inMilliseconds
        self.committed = committed.inMilliseconds
    }

    /// Whether the digests have the form of SHA-256 in hexadecimal.
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
    /// The time rounded to milliseconds.
    fileprivate var inMilliseconds: Date {
        Date(timeIntervalSince1970: (timeIntervalSince1970 * 1000).rounded() / 1000)
    }
}
