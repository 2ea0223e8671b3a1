package import Observability

/// Decides whether the loops of the daemon make progress.
///
/// It has no clock and no loops: the caller passes the time and the samples.
package struct Watchdog {
    /// How long a loop can be without progress, and the time between two pings.
    private let interval: Duration
    /// For each loop its last counter, and when the counter last changed.
    private var loops: [String: (count: UInt64, changed: Duration)] = [:]
    private var lastPing: Duration?

    /// What the caller must do.
    package enum Verdict: Equatable {
        /// Send a ping: every loop makes progress.
        case ping
        /// Nothing: every loop makes progress, and the last ping is recent.
        case wait
        /// Send no ping: a loop has made no progress for the time `stalled`.
        case hangs(loop: String, stalled: Duration)
    }

    /// - Parameter timeout: how long the manager waits for a ping.
    package init(timeout: Duration) {
        // sd_watchdog_enabled(3) recommends half of the time.
        interval = timeout / 2
    }

    /// Checks the loops.
    ///
    /// - Parameters:
    ///   - now: the time on a clock that never jumps.
    ///   - samples: one sample for each loop.
    package mutating func check(_ now: Duration, _ samples: [LivenessSample]) -> Verdict {
        var worst: (loop: String, stalled: Duration)?
        for sample in samples {
            guard let known = loops[sample.loop], known.count == sample.count, !sample.isIdle else {
                loops[sample.loop] = (sample.count, now)
                continue
            }
            let stalled = now - known.changed
            if stalled >= interval, stalled > worst?.stalled ?? .zero { worst = (sample.loop, stalled) }
        }
        if let worst { return .hangs(loop: worst.loop, stalled: worst.stalled) }
        if let lastPing, now - lastPing < interval { return .wait }
        lastPing = now
        return .ping
    }
}
