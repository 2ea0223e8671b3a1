internal import Foundation
package import IncrementalBias

/// Measures from time to time how well the references match the queries of searches, on a thread of its own.
///
/// The sample of queries is in memory only. Measurements give way to searches between two pieces of work, and take a
/// twentieth of the time at most.
package final class ReferenceMatchMonitor: Sendable {
    private let schedule = MatchSchedule()

    /// The longest duration of a measurement, because it keeps LMDB from reusing pages.
    private static let timeLimit = Duration.seconds(60)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - corpus: the corpus that is searched.
    ///   - alpha: returns the alpha of the daemon's searches.
    ///   - failed: called with an error that ended a measurement; later ones are still made.
    package init(
        _ corpus: Corpus, alpha: @escaping @Sendable () -> Float, failed: @escaping @Sendable (any Error) -> Void
    ) {
        NamedThread.start("reference match") { [schedule] in
            while schedule.waitUntilDue() {
                let start = ContinuousClock.now
                do {
                    try Self.measure(corpus, schedule, alpha: alpha(), deadline: start + Self.timeLimit)
                } catch is CancellationError {
                    // The daemon stops, or the corpus is too large for the time limit.
                } catch {
                    failed(error)
                }
                schedule.finished(pause: BackgroundWork.pause(after: .now - start))
            }
        }
    }

    deinit {
        stop()
    }

    /// Offers the queries of an answered search.
    package func offer(_ queries: SearchBatch) {
        let dimension = queries.dimension
        schedule.offer(count: queries.count, dimension: dimension) {
            Array(queries.vectors[$0 * dimension..<($0 + 1) * dimension])
        }
    }

    /// The last measurement; `nil` if there is none yet.
    package var last: ReferenceMatch? { schedule.last }

    /// Ends the thread soon.
    package func stop() {
        schedule.close()
    }

    private static func measure(
        _ corpus: Corpus, _ schedule: MatchSchedule, alpha: Float, deadline: ContinuousClock.Instant
    ) throws {
        let state = try corpus.state()
        guard let queries = schedule.take(generation: state.generation, dimension: state.dimension) else { return }
        let match = try ReferenceMatch(
            corpus, queries: queries, alpha: alpha, now: Date(), isCancelled: { schedule.isCancelled },
            isLate: { .now > deadline })
        schedule.record(match)
    }
}
