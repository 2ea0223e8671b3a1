/// The settings of a ``QuerySampler``.
package struct SamplingSettings: Equatable, Sendable {
    /// How many queries become references; `nil` for none.
    package var rate: SamplingRate?
    /// The seconds from a query until it is written as a reference.
    package var delay: Double
    /// The maximum number of sampled references in the corpus.
    package var maximumReferences: Int
    /// The age in seconds at which the corpus retires a sampled reference; `nil` for no limit.
    package var secondsToLive: Double?
    /// The largest share of `maximumReferences` that can come from the queries of one user, from 0 to 1; `nil` for a
    /// quarter of `k` references.
    package var clientShare: Double?
    /// The number of similarities that a mean averages.
    package var k: Int
    /// The maximum size of a shard with sampled references, in bytes.
    package var maximumShardBytes: Int

    package init(
        rate: SamplingRate?, delay: Double, maximumReferences: Int, secondsToLive: Double?, clientShare: Double?,
        k: Int, maximumShardBytes: Int
    ) {
        (self.rate, self.delay, self.maximumReferences) = (rate, delay, maximumReferences)
        (self.secondsToLive, self.clientShare, self.k) = (secondsToLive, clientShare, k)
        self.maximumShardBytes = maximumShardBytes
    }

    /// The maximum number of sampled references that one user's queries are, at least 1.
    ///
    /// The references of one user are then at most a quarter of those that a mean averages, unless the share is set.
    var referencesPerClient: Int { max(1, clientShare.map { Int($0 * Double(maximumReferences)) } ?? k / 4) }

    /// The largest share of the queries that wait that can be those of one user.
    var waitingShare: Double { clientShare ?? 0.25 }
}
