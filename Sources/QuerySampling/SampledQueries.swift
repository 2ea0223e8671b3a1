package import Observability

/// Which queries become references, without clock and files.
///
/// A query that is sampled waits for a delay. Then ``takeDue(settings:dimension:now:)`` returns it. One vector is one
/// reference, however often it is asked for; a repeated query renews its reference.
package struct SampledQueries {
    /// A reference is renewed at most once in so many seconds, because each renewal changes heaps.
    package static let renewalInterval = 3600.0

    package typealias Outcome = DaemonMetrics.SampleOutcome

    private var rate: RateLimit
    private var waiting = WaitingQueries()
    private var references: SampledReferences

    /// - Parameters:
    ///   - settings: the settings.
    ///   - random: returns a random number from 0 to 1.
    package init(_ settings: SamplingSettings, random: @escaping @Sendable () -> Double) {
        rate = RateLimit(random: random)
        references = SampledReferences(settings)
    }

    /// Applies other settings; without a rate, the queries that wait are forgotten.
    ///
    /// The references of each user stay counted, so that a change of settings allows nobody further ones.
    package mutating func apply(_ settings: SamplingSettings) {
        references.apply(settings)
        if settings.rate == nil { waiting = WaitingQueries() }
    }

    /// Offers a query.
    ///
    /// - Parameters:
    ///   - vector: returns the vector; called only if the query is sampled.
    ///   - client: the user id of the client.
    ///   - settings: the settings that were applied last.
    ///   - now: the time in seconds.
    /// - Returns: what becomes of the query; `nil` if it is not sampled.
    package mutating func offer(
        _ vector: () -> [Float], client: UInt32, settings: SamplingSettings, now: Double
    ) -> Outcome? {
        guard let limit = settings.rate, rate.admits(limit, now: now) else { return nil }
        let vector = vector()
        let hash = QueryHash(vector)
        if waiting.contains(hash) { return .repeated }
        if let age = references.age(of: hash, now: now), age < Self.interval(settings) { return .repeated }
        let query = WaitingQueries.Query(hash: hash, vector: vector, client: client, due: now + settings.delay)
        return waiting.append(query, clientShare: settings.waitingShare) ? .sampled : .dropped
    }

    /// Removes the queries whose delay is over, at most as many as a shard can have.
    ///
    /// - Parameters:
    ///   - settings: the settings that were applied last.
    ///   - dimension: the dimension of the corpus; queries of another one are dropped.
    ///   - now: the time in seconds.
    /// - Returns: the references to add, and those of users who would have more than their part without that.
    package mutating func takeDue(settings: SamplingSettings, dimension: Int, now: Double) -> SampledChange {
        let limit = max(1, settings.maximumShardBytes / max(1, dimension * 4 + Self.bytesPerID))
        let due = waiting.takeDue(now: now, limit: limit).filter { $0.vector.count == dimension }
        var removed: Set<QueryHash> = []
        for query in due {
            removed.formUnion(references.add(query.hash, client: query.client, now: now))
            removed.remove(query.hash)
        }
        // With a small maximum, a reference can leave by the same change that it comes by.
        let added = due.filter { references.age(of: $0.hash, now: now) != nil }
        return SampledChange(added: added.map { ($0.hash.id, $0.vector) }, removed: removed.map(\.id).sorted())
    }

    /// How old a reference is when a repeated query renews it: half of its life at most.
    private static func interval(_ settings: SamplingSettings) -> Double {
        min(renewalInterval, settings.secondsToLive.map { $0 / 2 } ?? .infinity)
    }

    /// The size of an id in a shard: 38 characters of four bytes.
    private static let bytesPerID = 152
}
