package import FoundationEssentials

/// The document `NAME.receipt.json` in `done/`: a shard or deletion list took effect.
///
/// The status lists the newest receipts in ``Status/lastReceipts``.
package struct ShardReceipt: Codable, Sendable {
    /// The name of the shard's file.
    package var name: String
    /// `images` or `references`.
    package var kind: String
    /// SHA-256 of the shard's file, in hexadecimal.
    package var sha256: String
    /// SHA-256 of its sidecar, in hexadecimal; `nil` without one.
    package var idsSha256: String?
    /// `add` or `delete`.
    package var action: String
    /// The number of rows in the shard, or of ids in the deletion list.
    package var rows: Int
    /// The number of rows that replaced a row with the same id.
    package var replaced: Int
    /// The number of ids in the deletion list that existed.
    package var deleted: Int
    /// The number of ids in the deletion list that didn't exist.
    package var missing: Int
    /// The first generation that reflects the shard.
    package var generation: UInt64
    /// When the daemon began to read the shard.
    package var received: Date
    /// When the commit began.
    package var commitStarted: Date
    /// Milliseconds from the begin of the commit until it was on the disk; `nil` if unknown, for example after a crash.
    package var commitMs: Double?
    /// Whether the same content had already taken effect under this name; the other fields are then from that time.
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

    /// Encodes an unknown `commitMs` as null; a missing `idsSha256` is left out.
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

/// The document `NAME.error.json` in `failed/`: a shard or deletion list was rejected and changed nothing.
///
/// The status lists the newest rejections in ``Status/lastFailures``.
package struct ShardFailure: Codable, Sendable {
    /// The name of the shard's file.
    package var name: String
    /// `images` or `references`.
    package var kind: String
    /// The reason, for programs: `not_finite`, for example.
    package var code: String
    /// The reason, for people: the fault and where it is.
    package var message: String
    /// The remedy.
    package var advice: String
    /// The first wrong rows, counted from 0; empty if the fault is not in rows.
    package var rows: [Int]
    /// The time of the rejection.
    package var rejected: Date

    package init(
        name: String, kind: String, code: String, message: String, advice: String, rows: [Int], rejected: Date
    ) {
        self.name = name
        self.kind = kind
        self.code = code
        self.message = message
        self.advice = advice
        self.rows = rows
        self.rejected = rejected
    }
}
