internal import IncrementalBias
internal import PosixSupport

/// Collects shards for one commit until one of its limits is reached.
///
/// The memory of a commit is therefore bounded by the limits plus one shard.
package struct Batch {
    /// The number of shards that fills a batch.
    package static let maximumShards = 256
    /// The size of all files together that fills a batch.
    package static let maximumFileBytes = 64 << 20
    /// The size of all shards together in memory that fills a batch.
    ///
    /// It differs from the size of files, which may be compressed.
    package static let maximumUnpackedBytes = 128 << 20

    /// The shards, in the order in which they take effect.
    package private(set) var shards: [ReadShard] = []
    private var fileBytes = 0
    private var unpackedBytes = 0
    private var hasStaged = false

    /// An empty batch.
    package init() {}

    /// Whether there is nothing to commit.
    package var isEmpty: Bool { shards.isEmpty }

    /// Whether the batch must be committed now: a limit is reached, or it contains a staged shard.
    package var isFull: Bool {
        shards.count >= Self.maximumShards || fileBytes >= Self.maximumFileBytes
            || unpackedBytes >= Self.maximumUnpackedBytes || hasStaged
    }

    /// Adds a shard.
    package mutating func append(_ shard: ReadShard) {
        shards.append(shard)
        fileBytes += shard.claimed.entry.size
        unpackedBytes += shard.byteCount
        if case .staged(_) = shard.content.content { hasStaged = true }
    }

    /// Returns all shards and empties the batch.
    package mutating func takeAll() -> [ReadShard] {
        defer { self = Batch() }
        return shards
    }
}
