package import Observability

/// Decides whether the loops of the daemon still move.
///
/// It is given what a clock and the loops say, and has neither itself.
package struct Watchdog {
    private let patience: Duration
    private let interval: Duration
    /// For each loop the sign that it last gave, and when it last moved.
    private var loops: [String: (count: UInt64, moved: Duration)] = [:]
    private var lastPing: Duration?

    /// What is to be done.
    package enum Verdict: Equatable {
        /// Tell that all is well.
        case ping
        /// All is well, and it was told of late.
        case wait
        /// A loop has not moved for so long.
        case hangs(loop: String, silent: Duration)
    }

    /// - Parameter timeout: how long the manager waits for a ping.
    package init(timeout: Duration) {
        // sd_watchdog_enabled(3): a ping each half of the time. A loop may be silent as long.
        patience = timeout / 2
        interval = timeout / 2
    }

    /// Looks at the loops.
    ///
    /// - Parameters:
    ///   - now: what a clock says that doesn't jump.
    ///   - samples: one sample for each loop.
    package mutating func look(_ now: Duration, _ samples: [LivenessSample]) -> Verdict {
        var worst: (loop: String, silent: Duration)?
        for sample in samples {
            let known = loops[sample.loop]
            guard let known, known.count == sample.count, !sample.isIdle else {
                loops[sample.loop] = (sample.count, now)
                continue
            }
            let silent = now - known.moved
            if silent >= patience, silent > worst?.silent ?? .zero { worst = (sample.loop, silent) }
        }
        if let worst { return .hangs(loop: worst.loop, silent: worst.silent) }
        if let lastPing, now - lastPing < interval { return .wait }
        lastPing = now
        return .ping
    }
}
