internal import Foundation
internal import LMDB

/// The rule that decides which references stay in the corpus.
package struct Retention: Equatable, Sendable {
    /// The largest number of references; the oldest of more are removed.
    package var maximumReferences: Int?
    /// The age in seconds from which a reference is removed.
    package var secondsToLive: Double?

    /// The rule that keeps all references.
    package static let everything = Retention()

    /// Makes a rule; `nil` sets no limit.
    ///
    /// - Parameters:
    ///   - maximumReferences: the largest number of references; the oldest of more are removed.
    ///   - secondsToLive: the age in seconds from which a reference is removed.
    package init(maximumReferences: Int? = nil, secondsToLive: Double? = nil) {
        self.maximumReferences = maximumReferences
        self.secondsToLive = secondsToLive
    }

    /// The rows of the references to remove, the oldest first.
    ///
    /// - Parameter count: the number of references in the corpus.
    func expired(
        among count: Int, _ arrivals: ArrivalTable, now: Date, in transaction: borrowing some Transaction & ~Copyable
    ) throws -> [UInt32] {
        guard self != .everything else { return [] }
        let excess = maximumReferences.map { count - $0 } ?? 0
        let youngest = secondsToLive.map { now.addingTimeInterval(-$0).timeIntervalSince1970 * 1000 }
        return try arrivals.oldest(in: transaction) { arrival, older in
            older < excess || youngest.map { Double(arrival.time) <= $0 } ?? false
        }
    }
}
