package import Foundation
package import ShardFormats

/// The record in the store of a shard that took effect.
///
/// The document in `done/` and the API is another type, `ShardReceipt` of the module `WireAPI`. It has the same
/// content, partly with other keys and units.
package struct Receipt: Codable, Equatable, Sendable {
    /// The number of the receipt.
    ///
    /// Receipts are numbered from 0, in the order in which their shards took effect.
    package let number: UInt64
    /// The name of the shard's file, for example `words-0000.npy`.
    package let name: String
    package let role: VectorRole
    /// SHA-256 of the file, in hexadecimal.
    package let sha256: String
    /// SHA-256 of the sidecar (the file with the ids) in hexadecimal, if the shard has one.
    package let idsSHA256: String?
    package let action: Action
    /// The number of ids in the shard; a shard of vectors has one row for each.
    package let rows: Int
    /// How many of the ids were in the corpus before the commit: their vectors were replaced, or deleted.
    package let replaced: Int
    /// The generation of the corpus after the commit.
    package let generation: UInt64
    /// When the daemon began to process the shard.
    package let received: Date
    /// When the commit began.
    package let commitStarted: Date
    /// The time in seconds from the start of the commit until it was durable; `nil` if it is unknown.
    ///
    /// It is known only after the commit. It is stored when the receipt is no longer pending (the shard's files have
    /// been moved and its document is written), or when the daemon stops. A crash before that loses it.
    package var commitSeconds: Double?

    /// What a shard does with its ids: it adds or replaces their vectors, or deletes them.
    package enum Action: String, Codable, Sendable {
        case add
        case delete
    }

    private enum CodingKeys: String, CodingKey {
        case number, name
        case role = "kind"
        case sha256
        case idsSHA256 = "ids_sha256"
        case action, rows, replaced, generation, received
        case commitStarted = "commit_started"
        case commitSeconds = "commit_seconds"
    }

    /// The keys that version 0.1.0 used.
    private enum EarlierKeys: String, CodingKey {
        case commitStarted = "committed"
    }

    /// Creates a receipt.
    ///
    /// `received` and `commitStarted` are rounded to milliseconds, so that they are the same when they are read back.
    package init(
        number: UInt64, name: String, role: VectorRole, sha256: String, idsSHA256: String?, action: Action, rows: Int,
        replaced: Int, generation: UInt64, received: Date, commitStarted: Date, commitSeconds: Double? = nil
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
        self.commitStarted = commitStarted.inMilliseconds
        self.commitSeconds = commitSeconds
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let earlier = try decoder.container(keyedBy: EarlierKeys.self)
        number = try container.decode(UInt64.self, forKey: .number)
        name = try container.decode(String.self, forKey: .name)
        role = try container.decode(VectorRole.self, forKey: .role)
        sha256 = try container.decode(String.self, forKey: .sha256)
        idsSHA256 = try container.decodeIfPresent(String.self, forKey: .idsSHA256)
        action = try container.decode(Action.self, forKey: .action)
        rows = try container.decode(Int.self, forKey: .rows)
        replaced = try container.decode(Int.self, forKey: .replaced)
        generation = try container.decode(UInt64.self, forKey: .generation)
        received = try container.decode(Date.self, forKey: .received)
        commitStarted =
            try container.decodeIfPresent(Date.self, forKey: .commitStarted)
            ?? earlier.decode(Date.self, forKey: .commitStarted)
        commitSeconds = try container.decodeIfPresent(Double.self, forKey: .commitSeconds)
    }

    /// Whether the digests have 64 hexadecimal digits.
    var hasDigests: Bool {
        [sha256, idsSHA256].allSatisfy { digest in
            digest.map { $0.utf8.count == 64 && $0.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit } }
                ?? true
        }
    }

    /// Encodes `received` and `commitStarted` as milliseconds since 1970.
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
