package import FoundationEssentials

/// A file in an incoming folder that no shard uses; nnnd leaves it where it is.
package struct UnusedFile: Codable, Equatable, Sendable {
    /// Its name; bytes that are not UTF-8 are written as `%E9`.
    package var name: String
    /// The folder that it lies in: `images` or `references`.
    package var kind: String
    /// Why no shard uses it.
    package var reason: Reason
    /// When it changed last.
    package var since: Date

    /// Why no shard uses a file.
    package enum Reason: String, Codable, Sendable {
        /// Its name is not that of a shard, a deletion list or an `.ids` file.
        case notAShardName = "not_a_shard_name"
        /// It is an `.ids` file, and its shard has not come after it.
        case idsWithoutShard = "ids_without_shard"
        /// It is a `.heaps.npz` file, and its shard has not come after it.
        case heapsWithoutShard = "heaps_without_shard"
    }

    /// A file with these properties.
    package init(name: String, kind: String, reason: Reason, since: Date) {
        self.name = name
        self.kind = kind
        self.reason = reason
        self.since = since
    }
}
