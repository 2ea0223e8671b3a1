/// Where a reference comes from.
package enum ReferenceSource: String, CaseIterable, Codable, Sendable {
    /// A producer has put it into the spool.
    case given
    /// The daemon has sampled it from the queries of searches.
    case sampled

    /// The name, without suffix, of the shards and deletion lists with which the daemon adds and removes sampled
    /// references.
    package static let sampledShard = "nnnd-sampled-queries"

    /// The source of the references of a shard.
    ///
    /// - Parameter name: the name of the shard's file.
    init(shard name: String) {
        self = name.hasPrefix(Self.sampledShard + ".") ? .sampled : .given
    }
}

/// The number of references of each source.
package struct ReferenceCounts: Equatable, Sendable {
    package var given: Int
    package var sampled: Int

    package init(given: Int, sampled: Int) {
        (self.given, self.sampled) = (given, sampled)
    }
}
