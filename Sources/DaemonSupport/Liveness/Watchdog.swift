package import Observability

/// Decides whether the loops of the daemon make progress, and when to ping systemd's watchdog.
///
/// It reads no clock and no heartbeat: the caller passes the time and the samples.
package struct Watchdog {
    /// The time without progress after which a loop hangs, and the time between two pings.
    private let interval: Duration
    /// For each loop, by its name: its last counter, and when the counter last changed or the loop was last idle.
    private var progress: [String: (count: UInt64, changed: Duration)] = [:]
    private var lastPing: Duration?

    /// What the caller must do.
    package enum Verdict: Equatable {
        /// Send a ping: every loop makes progress.
        case ping
        /// Nothing: every loop makes progress, and the last ping is recent.
        case wait
        /// Send no ping: the loop with this name has made no progress for the time `stalled`.
        case hangs(loop: String, stalled: Duration)
    }

    /// - Parameter timeout: how long systemd waits for a ping before it ends the service.
    package init(timeout: Duration) {
        // sd_watchdog_enabled(3) recommends half of the time.
        interval = timeout / 2
    }

    /// Checks all loops.
    ///
    /// - Parameters:
    ///   - now: the time, on the same monotonic clock at each call.
    ///   - samples: one sample for each loop, taken now.
    package mutating func check(_ now: Duration, _ samples: [LivenessSample]) -> Verdict {
        var longest: (loop: String, stalled: Duration)?
        for sample in samples {
            guard let known = progress[sample.loop], known.count == sample.count, !sample.isIdle else {
                progress[sample.loop] = (sample.count, now)
                continue
            }
            let stalled = now - known.changed
            if stalled >= interval, stalled > longest?.stalled ?? .zero { longest = (sample.loop, stalled) }
        }
        if let longest { return .hangs(loop: longest.loop, stalled: longest.stalled) }
        if let lastPing, now - lastPing < interval { return .wait }
        lastPing = now
        return .ping
    }
}
