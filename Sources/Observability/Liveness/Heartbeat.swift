internal import Synchronization

/// Counts the progress of one loop of the daemon, for the watchdog.
///
/// All methods can be called from any thread.
package final class Heartbeat: Sendable {
    private let count = Atomic<UInt64>(0)
    /// While the loop waits for events: the latest end of the wait, as ``elapsed`` in nanoseconds; else 0.
    private let waitDeadline = Atomic<Int64>(0)
    private let start = ContinuousClock.now

    /// A heartbeat at zero.
    package init() {}

    /// The time since this object was created, on a clock that never jumps.
    package var elapsed: Duration { ContinuousClock.now - start }

    /// Records that the loop has made progress.
    package func beat() {
        count.add(1, ordering: .relaxed)
    }

    /// Records that the loop waits for events, for `seconds` at most; until then it need not make progress.
    package func beginWait(seconds: Double) {
        waitDeadline.store(nanoseconds(elapsed + .seconds(seconds)), ordering: .relaxed)
    }

    /// Records that the loop has stopped waiting.
    package func endWait() {
        waitDeadline.store(0, ordering: .relaxed)
        beat()
    }

    /// The progress so far.
    ///
    /// - Parameters:
    ///   - loop: the loop's name in log lines.
    ///   - isIdle: whether the caller knows that the loop has nothing to do.
    package func sample(_ loop: String, isIdle: Bool = false) -> LivenessSample {
        let isWaiting = nanoseconds(elapsed) < waitDeadline.load(ordering: .relaxed)
        return LivenessSample(loop, count: count.load(ordering: .relaxed), isIdle: isIdle || isWaiting)
    }

    private func nanoseconds(_ duration: Duration) -> Int64 { Int64(duration / .nanoseconds(1)) }
}
