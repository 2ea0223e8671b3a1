package import IncrementalBias
package import ShardFormats

/// A claimed shard that was committed or rejected, and is not yet published.
package struct DecidedShard: Sendable {
    /// Its files.
    package let claimed: ClaimedShard
    /// What was decided.
    package let decision: Decision

    /// The outcome of a shard.
    package enum Decision: Sendable {
        /// The shard has this receipt. `unchanged`: it is the receipt of an earlier shard with the same content.
        case committed(Receipt, unchanged: Bool)
        /// It breaks a rule.
        case rejected(ShardError)
    }

    /// A shard and what was decided.
    package init(_ claimed: ClaimedShard, _ decision: Decision) {
        self.claimed = claimed
        self.decision = decision
    }
}

/// The decided shards that are not yet published, in the order of the decisions.
///
/// A shard stays here as long as the system can't move its files. Meanwhile no other shard of its name is claimed.
package struct Outbox {
    /// The shards.
    package private(set) var shards: [DecidedShard] = []
    private var keys: Set<ShardKey> = []
    private var groups: Set<ShardKey> = []

    /// An empty outbox.
    package init() {}

    /// Adds a shard.
    package mutating func add(_ shard: DecidedShard) {
        shards.append(shard)
        keys.insert(shard.claimed.key)
        groups.insert(shard.claimed.key.groupKey)
    }

    /// Removes shards that have been published.
    package mutating func remove(_ published: Set<ShardKey>) {
        shards.removeAll { published.contains($0.claimed.key) }
        keys.subtract(published)
        groups.subtract(published.map(\.groupKey))
    }

    /// Whether the shard is in the outbox.
    package func contains(_ key: ShardKey) -> Bool { keys.contains(key) }

    /// Whether the shard, or one that has the same sidecar, is in the outbox.
    package func occupies(_ key: ShardKey) -> Bool { groups.contains(key.groupKey) }
}
