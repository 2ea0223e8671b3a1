internal import Foundation
internal import LMDB

/// The rule that decides which references stay in the corpus.
package struct Retention: Equatable, Sendable {
    /// The maximum number of references; if there are more, the oldest are removed.
    ///
    /// `nil` for no maximum.
    package var maximumReferences: Int?
    /// The age in seconds at which a reference is removed; `nil` for no limit.
    package var secondsToLive: Double?

    /// The rule that keeps all references.
    package static let everything = Retention()

    /// Creates a rule.
    ///
    /// - Parameters:
    ///   - maximumReferences: the maximum number of references; if there are more, the oldest are removed. `nil` for no
    ///     maximum.
    ///   - secondsToLive: the age in seconds at which a reference is removed; `nil` for no limit.
    package init(maximumReferences: Int? = nil, secondsToLive: Double? = nil) {
        self.maximumReferences = maximumReferences
        self.secondsToLive = secondsToLive
    }

    /// The rows of the references that must be removed, the oldest first.
    ///
    /// - Parameters:
    ///   - count: the number of references in the corpus.
    ///   - arrivals: the order in which the references arrived.
    ///   - now: the time from which their age is computed.
    func rowsToRemove(
        count: Int, _ arrivals: ArrivalTable, now: Date, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [UInt32] {
        guard self != .everything else { return [] }
        let excess = maximumReferences.map { count - $0 } ?? 0
        // A reference that arrived at this time or earlier has expired. Milliseconds since 1970, as `Arrival.time`.
        let expiredTime = secondsToLive.map { now.addingTimeInterval(-$0).timeIntervalSince1970 * 1000 }
        return try arrivals.oldest(
            in: transaction,
            while: { arrival, olderCount in
                olderCount < excess || expiredTime.map { Double(arrival.time) <= $0 } ?? false
            })
    }
}
