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
    package let commitStarted: Date
    /// The time in seconds from the begin of the commit until it was durable; `nil` where it is unknown.
    ///
    /// It is known once the commit has returned, and stored with the acknowledgement of the receipt or at a stop. A crash in
    /// between loses it.
    package var commitSeconds: Double?

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
        case action, rows, replaced, generation, received
        case commitStarted = "commit_started"
        case commitSeconds = "commit_seconds"
    }

    /// The keys of receipts that earlier versions stored.
    private enum EarlierKeys: String, CodingKey {
        case commitStarted = "committed"
    }

    /// Makes a receipt; times are rounded to milliseconds, as the store keeps them.
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
