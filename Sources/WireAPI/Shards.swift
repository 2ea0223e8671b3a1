package import FoundationEssentials

/// `NAME.receipt.json` in `done/`: the shard took effect.
///
/// Also an entry of ``Status/lastReceipts``.
package struct ShardReceipt: Codable, Sendable {
    /// The name of the shard's file.
    package var name: String
    /// `images` or `references`.
    package var kind: String
    /// SHA-256 of the shard's file, in hexadecimal.
    package var sha256: String
    /// SHA-256 of its file of ids, if one came with it.
    package var idsSha256: String?
    /// `add` or `delete`.
    package var action: String
    /// Rows in the shard; ids in a deletion.
    package var rows: Int
    /// How many of them replaced a row that had the same id.
    package var replaced: Int
    /// For a deletion: how many of its ids were there, and are no more.
    package var deleted: Int
    /// For a deletion: how many of its ids were not there.
    package var missing: Int
    /// The generation that made it visible.
    package var generation: UInt64
    /// When the daemon began to read it.
    package var received: Date
    /// When its commit began.
    package var commitStarted: Date
    /// Milliseconds from the begin of its commit until it was durable; `nil` where that is unknown, after a crash for example.
    package var commitMs: Double?
    /// The same content had been taken in under this name before: nothing changed, the other fields tell of then.
    package var unchanged: Bool

    package init(
        name: String, kind: String, sha256: String, idsSha256: String?, action: String, rows: Int, replaced: Int,
        deleted: Int, missing: Int, generation: UInt64, received: Date, commitStarted: Date, commitMs: Double?,
        unchanged: Bool
    ) {
        self.name = name
        self.kind = kind
        self.sha256 = sha256
        self.idsSha256 = idsSha256
        self.action = action
        self.rows = rows
        self.replaced = replaced
        self.deleted = deleted
        self.missing = missing
        self.generation = generation
        self.received = received
        self.commitStarted = commitStarted
        self.commitMs = commitMs
        self.unchanged = unchanged
    }

    /// Encodes every field; an unknown `commitMs` is null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(kind, forKey: .kind)
        try container.encode(sha256, forKey: .sha256)
        try container.encodeIfPresent(idsSha256, forKey: .idsSha256)
        try container.encode(action, forKey: .action)
        try container.encode(rows, forKey: .rows)
        try container.encode(replaced, forKey: .replaced)
        try container.encode(deleted, forKey: .deleted)
        try container.encode(missing, forKey: .missing)
        try container.encode(generation, forKey: .generation)
        try container.encode(received, forKey: .received)
        try container.encode(commitStarted, forKey: .commitStarted)
        try container.encode(commitMs, forKey: .commitMs)
        try container.encode(unchanged, forKey: .unchanged)
    }
}

/// `NAME.error.json` in `failed/`: the shard was refused.
///
/// Also an entry of ``Status/lastFailures``.
package struct ShardFailure: Codable, Sendable {
    /// The name of the shard's file.
    package var name: String
    /// `images` or `references`.
    package var kind: String
    /// What is wrong, for programs: `not_finite`, say.
    package var code: String
    /// What is wrong where, for people.
    package var message: String
    /// What to do about it.
    package var advice: String
    /// The first rows that are wrong; none where it isn't rows.
    package var rows: [Int]
    /// When it was refused.
    package var refused: Date

    package init(
        name: String, kind: String, code: String, message: String, advice: String, rows: [Int], refused: Date
    ) {
        self.name = name
        self.kind = kind
        self.code = code
        self.message = message
        self.advice = advice
        self.rows = rows
        self.refused = refused
    }
}
