internal import IncrementalBias
internal import PosixSupport

/// The shards of one commit, and the limits of a commit.
///
/// A commit begins when one of the limits is reached, so that its memory is bounded by the limits and one shard more.
package struct Batch {
    /// The most shards of one commit.
    package static let maximumShards = 256
    /// Files of this many bytes fill a commit.
    package static let maximumFileBytes = 64 << 20
    /// Shards that take this many bytes in memory fill a commit: files may be compressed.
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

    /// Whether the commit has to begin; a staged shard is committed as soon as it is there.
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

    /// Empties the batch.
    ///
    /// - Returns: what it held.
    package mutating func takeAll() -> [ReadShard] {
        defer { self = Batch() }
        return shards
    }
}
