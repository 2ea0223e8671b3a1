internal import Foundation

/// The queries that a ``ReferenceMatchMonitor`` measures, when it measures them, and its last result.
final class MatchSchedule: @unchecked Sendable {
    // Sendable: all variables are accessed under the condition's lock only.
    private let condition = NSCondition()
    private var queries = LiveQueries()
    private var result: ReferenceMatch?
    /// The earliest start of the next measurement; `nil` before the first query.
    private var next: ContinuousClock.Instant?
    /// The start of the next measurement if no query comes before.
    private var nextWithoutQueries: ContinuousClock.Instant?
    private var isClosed = false

    /// The time from the first query to the first measurement, which then has several queries.
    private static let delay = Duration.seconds(1)
    /// The shortest time between two measurements.
    private static let interval = Duration.seconds(10)
    /// The time between two measurements if no query comes between them.
    private static let intervalWithoutQueries = Duration.seconds(300)

    /// Offers queries.
    ///
    /// - Parameter vector: returns the vector of one of the queries.
    func offer(count: Int, dimension: Int, _ vector: (Int) -> [Float]) {
        condition.withLock {
            for query in 0..<count {
                queries.offer(dimension: dimension, { vector(query) }, random: { Int.random(in: 0..<$0) })
            }
            if next == nil { next = .now + Self.delay }
            condition.signal()
        }
    }

    /// Waits until a measurement is due.
    ///
    /// - Returns: false after ``close()``.
    func waitUntilDue() -> Bool {
        condition.withLock {
            while !isClosed {
                let due = queries.hasNew ? next : nextWithoutQueries
                guard let due else {
                    condition.wait()
                    continue
                }
                let now = ContinuousClock.now
                if due <= now { return true }
                _ = condition.wait(until: Date(timeIntervalSinceNow: (due - now) / .seconds(1)))
            }
            return false
        }
    }

    /// The queries to measure in a corpus with this generation and dimension; `nil` if a measurement would tell nothing
    /// new.
    func take(generation: UInt64, dimension: Int) -> [[Float]]? {
        condition.withLock {
            let canDiffer = result.map { $0.generation != generation || $0.newReferences > 0 } ?? true
            return queries.hasNew || canDiffer ? queries.take(dimension: dimension) : nil
        }
    }

    /// Records a result.
    func record(_ match: ReferenceMatch?) {
        condition.withLock { result = match }
    }

    /// Delays the next measurement according to the time that the last one took.
    func finished(pause: Duration) {
        condition.withLock {
            let end = ContinuousClock.now
            next = end + max(Self.interval, pause)
            nextWithoutQueries = end + max(Self.intervalWithoutQueries, pause)
        }
    }

    /// The last result; `nil` before the first one.
    var last: ReferenceMatch? { condition.withLock { result } }

    var isCancelled: Bool { condition.withLock { isClosed } }

    /// Ends ``waitUntilDue()`` and the measurement under way.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }
}
