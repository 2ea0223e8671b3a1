/// How many of the queries of searches become references.
package enum SamplingRate: Equatable, Sendable {
    /// Each query with this probability in percent, above 0 and at most 100.
    case percent(Double)
    /// At most so many queries a minute, evenly over time.
    case perMinute(Double)
}
