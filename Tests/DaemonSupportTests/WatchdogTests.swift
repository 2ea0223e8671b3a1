import DaemonSupport
import Observability
import Testing

/// A watchdog with a timeout of 8 seconds: it pings every 4 seconds, and a loop without progress for 4 seconds hangs.
@Suite struct WatchdogTests {
    private var watchdog = Watchdog(timeout: .seconds(8))

    private func sample(_ count: UInt64, isIdle: Bool = false, loop: String = "ingest") -> LivenessSample {
        LivenessSample(loop, count: count, isIdle: isIdle)
    }

    @Test mutating func itPingsAtOnceAndThenEachHalfOfTheTimeout() {
        let verdicts = (0..<10).map { watchdog.check(.seconds($0), [sample(UInt64($0))]) }
        #expect(verdicts == [.ping, .wait, .wait, .wait, .ping, .wait, .wait, .wait, .ping, .wait])
    }

    @Test mutating func anIdleLoopNeedsNoProgress() {
        for second in stride(from: 0, to: 100, by: 4) {
            #expect(watchdog.check(.seconds(second), [sample(7, isIdle: true)]) == .ping)
        }
    }

    @Test mutating func aLoopWithoutProgressHangs() {
        #expect(watchdog.check(.seconds(0), [sample(7)]) == .ping)
        #expect(watchdog.check(.seconds(3), [sample(7)]) == .wait)
        #expect(watchdog.check(.seconds(4), [sample(7)]) == .hangs(loop: "ingest", stalled: .seconds(4)))
        #expect(watchdog.check(.seconds(100), [sample(7)]) == .hangs(loop: "ingest", stalled: .seconds(100)))
    }

    @Test mutating func itPingsAtOnceWhenAHangingLoopMakesProgress() {
        #expect(watchdog.check(.seconds(0), [sample(7)]) == .ping)
        #expect(watchdog.check(.seconds(6), [sample(7)]) == .hangs(loop: "ingest", stalled: .seconds(6)))
        #expect(watchdog.check(.seconds(7), [sample(8)]) == .ping)
        #expect(watchdog.check(.seconds(8), [sample(8)]) == .wait)
    }

    @Test mutating func oneHangingLoopIsEnough() {
        for second in 0..<4 {
            _ = watchdog.check(.seconds(second), [sample(UInt64(second)), sample(1, loop: "search")])
        }
        let verdict = watchdog.check(.seconds(4), [sample(4), sample(1, loop: "search")])
        #expect(verdict == .hangs(loop: "search", stalled: .seconds(4)))
    }

    @Test mutating func theTimeWithoutProgressCountsFromTheEndOfIdleness() {
        #expect(watchdog.check(.seconds(0), [sample(7, isIdle: true)]) == .ping)
        #expect(watchdog.check(.seconds(50), [sample(7, isIdle: true)]) == .ping)
        #expect(watchdog.check(.seconds(53), [sample(7)]) == .wait)
        #expect(watchdog.check(.seconds(54), [sample(7)]) == .hangs(loop: "ingest", stalled: .seconds(4)))
    }
}
