package import IncrementalBias
package import ShardFormats

/// A shard whose fate is decided, and that has not been published yet.
package struct DecidedShard: Sendable {
    /// Its files.
    package let claimed: ClaimedShard
    /// What was decided.
    package let decision: Decision

    /// What was decided about a shard.
    package enum Decision: Sendable {
        /// It took effect by this receipt; `unchanged`: by an earlier shard with the same content.
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

/// The decided shards that have not been published yet, in the order of the decisions.
///
/// They stay here while the system doesn't move them; no shard of their names is claimed meanwhile.
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

    /// Whether the shard waits here.
    package func contains(_ key: ShardKey) -> Bool { keys.contains(key) }

    /// Whether a shard waits here that is this one, or shares its sidecar.
    package func occupies(_ key: ShardKey) -> Bool { groups.contains(key.groupKey) }
}
