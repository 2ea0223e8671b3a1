/// Decides whether the loops of the daemon still move.
///
/// It is given what a clock and the loops say, and has neither itself.
package struct Watchdog {
    private let patience: Duration
    private let interval: Duration
    /// For each loop the sign that it last gave, and when it last moved.
    private var loops: [String: (count: UInt64, moved: Duration)] = [:]
    private var lastPing: Duration?

    /// What a loop says of itself.
    package struct Sign {
        /// The loop, as a person knows it.
        package let loop: String
        /// Another number each time that it has moved.
        package let count: UInt64
        /// Whether it has nothing to do, and so need not move.
        package let rests: Bool

        /// What the loop called `loop` says of itself.
        package init(_ loop: String, count: UInt64, rests: Bool) {
            self.loop = loop
            self.count = count
            self.rests = rests
        }
    }

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
    ///   - signs: what each loop says.
    package mutating func look(_ now: Duration, _ signs: [Sign]) -> Verdict {
        var worst: (loop: String, silent: Duration)?
        for sign in signs {
            let known = loops[sign.loop]
            guard let known, known.count == sign.count, !sign.rests else {
                loops[sign.loop] = (sign.count, now)
                continue
            }
            let silent = now - known.moved
            if silent >= patience, silent > worst?.silent ?? .zero { worst = (sign.loop, silent) }
        }
        if let worst { return .hangs(loop: worst.loop, silent: worst.silent) }
        if let lastPing, now - lastPing < interval { return .wait }
        lastPing = now
        return .ping
    }
}
