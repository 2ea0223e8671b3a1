internal import Foundation
internal import LMDB

/// The rule that decides which references stay in the corpus: limits for each source of references.
package struct Retention: Equatable, Sendable {
    /// The limits for the references of one source.
    package struct Limits: Equatable, Sendable {
        /// The maximum number of references; if there are more, the oldest are removed.
        ///
        /// `nil` for no maximum.
        package var maximumReferences: Int?
        /// The age in seconds at which a reference is removed; `nil` for no limit.
        package var secondsToLive: Double?

        /// - Parameters:
        ///   - maximumReferences: the maximum number of references; if there are more, the oldest are removed. `nil`
        ///     for no maximum.
        ///   - secondsToLive: the age in seconds at which a reference is removed; `nil` for no limit.
        package init(maximumReferences: Int? = nil, secondsToLive: Double? = nil) {
            self.maximumReferences = maximumReferences
            self.secondsToLive = secondsToLive
        }
    }

    package var given: Limits
    package var sampled: Limits

    /// The rule that keeps all references.
    package static let everything = Retention()

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - maximumReferences: the maximum number of given references; `nil` for no maximum.
    ///   - secondsToLive: the age in seconds at which a given reference is removed; `nil` for no limit.
    ///   - sampled: the limits for sampled references.
    package init(maximumReferences: Int? = nil, secondsToLive: Double? = nil, sampled: Limits = Limits()) {
        given = Limits(maximumReferences: maximumReferences, secondsToLive: secondsToLive)
        self.sampled = sampled
    }

    /// The shortest time that a reference lives; `nil` if there is no limit.
    package var shortestSecondsToLive: Double? { [given, sampled].compactMap(\.secondsToLive).min() }

    /// The rows of the references that must be removed: those of each source, the oldest first.
    ///
    /// - Parameters:
    ///   - count: the number of references in the corpus.
    ///   - arrivals: the order in which the references arrived.
    ///   - now: the time from which their age is computed.
    func rowsToRemove(
        count: Int, _ arrivals: ArrivalTable, now: Date, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [UInt32] {
        guard self != .everything else { return [] }
        let sampledCount = try arrivals.sampledCount(in: transaction)
        var rows: [UInt32] = []
        for (source, limits, count) in [
            (ReferenceSource.given, given, count - sampledCount), (.sampled, sampled, sampledCount),
        ] where limits != Limits() {
            let excess = limits.maximumReferences.map { count - $0 } ?? 0
            // A reference that arrived at this time or earlier has expired. Milliseconds since 1970, as `Arrival.time`.
            let expiredTime = limits.secondsToLive.map { now.addingTimeInterval(-$0).timeIntervalSince1970 * 1000 }
            rows += try arrivals.oldest(
                source, in: transaction,
                while: { arrival, olderCount in
                    olderCount < excess || expiredTime.map { Double(arrival.time) <= $0 } ?? false
                })
        }
        return rows
    }
}
