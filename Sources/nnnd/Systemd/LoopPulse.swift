import Synchronization

/// What a loop shows of itself to the watchdog.
///
/// Any thread may touch it.
final class LoopPulse: Sendable {
    private let count = Atomic<UInt64>(0)
    /// Nanoseconds of ``clock`` until which the loop may be silent.
    private let restsUntil = Atomic<Int64>(0)
    private let start = ContinuousClock.now

    /// Time since some moment: never jumps.
    var clock: Duration { ContinuousClock.now - start }

    /// The loop has done something.
    func beat() {
        count.add(1, ordering: .relaxed)
    }

    /// The loop waits for news, so long at most.
    func rest(seconds: Double) {
        restsUntil.store(nanoseconds(clock + .seconds(seconds)), ordering: .relaxed)
    }

    /// The loop goes on.
    func wake() {
        restsUntil.store(0, ordering: .relaxed)
        beat()
    }

    /// What it shows now.
    ///
    /// - Parameter idle: whether the loop is known to have nothing to do.
    func sign(_ loop: String, idle: Bool = false) -> Watchdog.Sign {
        let rests = idle || nanoseconds(clock) < restsUntil.load(ordering: .relaxed)
        return Watchdog.Sign(loop, count: count.load(ordering: .relaxed), rests: rests)
    }

    private func nanoseconds(_ duration: Duration) -> Int64 { Int64(duration / .nanoseconds(1)) }
}
