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
    /// The largest share of `maximumReferences` that can come from the queries of one user, from 0 to 1.
    package var clientShare: Double
    /// The maximum size of a shard with sampled references, in bytes.
    package var maximumShardBytes: Int

    package init(
        rate: SamplingRate?, delay: Double, maximumReferences: Int, secondsToLive: Double?, clientShare: Double,
        maximumShardBytes: Int
    ) {
        (self.rate, self.delay, self.maximumReferences) = (rate, delay, maximumReferences)
        (self.secondsToLive, self.clientShare, self.maximumShardBytes) = (secondsToLive, clientShare, maximumShardBytes)
    }

    /// The maximum number of sampled references that one user's queries are, at least 1.
    var referencesPerClient: Int { max(1, Int(clientShare * Double(maximumReferences))) }
}
