/// Decides for one query after the other whether it is sampled.
package struct RateLimit {
    /// The queries that can be sampled at once, with a rate per minute.
    private var allowance = 0.0
    private var last: Double?
    private let random: @Sendable () -> Double

    /// - Parameter random: returns a random number from 0 to 1.
    package init(random: @escaping @Sendable () -> Double) {
        self.random = random
    }

    /// Whether the next query is sampled.
    ///
    /// With a rate per minute, one second's worth of queries can be sampled at once, and at least one query. So the
    /// samples are spread over the minute, however the queries are.
    ///
    /// - Parameter now: the time in seconds.
    package mutating func admits(_ rate: SamplingRate, now: Double) -> Bool {
        switch rate {
        case .percent(let percent): return random() * 100 < percent
        case .perMinute(let count):
            let perSecond = count / 60
            let limit = max(1, perSecond)
            allowance = last.map { min(limit, allowance + max(0, now - $0) * perSecond) } ?? 1
            last = now
            guard allowance >= 1 else { return false }
            allowance -= 1
            return true
        }
    }
}
