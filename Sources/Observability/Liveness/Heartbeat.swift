internal import Synchronization

/// Counts the progress of one loop, for the watchdog.
///
/// Any thread may call it.
package final class Heartbeat: Sendable {
    private let count = Atomic<UInt64>(0)
    /// Nanoseconds of ``clock`` until which the loop waits for events.
    private let waitsUntil = Atomic<Int64>(0)
    private let start = ContinuousClock.now

    /// A loop that has made no progress yet.
    package init() {}

    /// The time since this value was made, on a clock that never jumps.
    package var clock: Duration { ContinuousClock.now - start }

    /// Records that the loop has made progress.
    package func beat() {
        count.add(1, ordering: .relaxed)
    }

    /// Records that the loop waits for events, for `seconds` at most.
    package func beginWait(seconds: Double) {
        waitsUntil.store(nanoseconds(clock + .seconds(seconds)), ordering: .relaxed)
    }

    /// Records that the loop has stopped waiting.
    package func endWait() {
        waitsUntil.store(0, ordering: .relaxed)
        beat()
    }

    /// The progress so far.
    ///
    /// - Parameters:
    ///   - loop: the loop's name in log lines.
    ///   - isIdle: whether the loop is known to have nothing to do.
    package func sample(_ loop: String, isIdle: Bool = false) -> LivenessSample {
        let waits = nanoseconds(clock) < waitsUntil.load(ordering: .relaxed)
        return LivenessSample(loop, count: count.load(ordering: .relaxed), isIdle: isIdle || waits)
    }

    private func nanoseconds(_ duration: Duration) -> Int64 { Int64(duration / .nanoseconds(1)) }
}
