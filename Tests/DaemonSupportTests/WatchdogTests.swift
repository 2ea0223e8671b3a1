import DaemonSupport
import Observability
import Testing

/// A watchdog that is waited for 8 seconds: it pings each 4, and a loop may be silent for less than 4.
@Suite struct WatchdogTests {
    private var watchdog = Watchdog(timeout: .seconds(8))

    private func sample(_ count: UInt64, isIdle: Bool = false, loop: String = "ingest") -> LivenessSample {
        LivenessSample(loop, count: count, isIdle: isIdle)
    }

    @Test mutating func itPingsAtOnceAndThenEachHalfOfTheTime() {
        let verdicts = (0..<10).map { watchdog.look(.seconds($0), [sample(UInt64($0))]) }
        #expect(verdicts == [.ping, .wait, .wait, .wait, .ping, .wait, .wait, .wait, .ping, .wait])
    }

    @Test mutating func aLoopThatRestsNeedNotMove() {
        for second in stride(from: 0, to: 100, by: 4) {
            #expect(watchdog.look(.seconds(second), [sample(7, isIdle: true)]) == .ping)
        }
    }

    @Test mutating func aLoopThatDoesNotMoveHangs() {
        #expect(watchdog.look(.seconds(0), [sample(7)]) == .ping)
        #expect(watchdog.look(.seconds(3), [sample(7)]) == .wait)
        #expect(watchdog.look(.seconds(4), [sample(7)]) == .hangs(loop: "ingest", silent: .seconds(4)))
        #expect(watchdog.look(.seconds(100), [sample(7)]) == .hangs(loop: "ingest", silent: .seconds(100)))
    }

    @Test mutating func aLoopThatMovesAgainIsWellAtOnce() {
        #expect(watchdog.look(.seconds(0), [sample(7)]) == .ping)
        #expect(watchdog.look(.seconds(6), [sample(7)]) == .hangs(loop: "ingest", silent: .seconds(6)))
        #expect(watchdog.look(.seconds(7), [sample(8)]) == .ping)
        #expect(watchdog.look(.seconds(8), [sample(8)]) == .wait)
    }

    @Test mutating func oneLoopThatHangsIsEnough() {
        for second in 0..<4 {
            _ = watchdog.look(.seconds(second), [sample(UInt64(second)), sample(1, loop: "search")])
        }
        let verdict = watchdog.look(.seconds(4), [sample(4), sample(1, loop: "search")])
        #expect(verdict == .hangs(loop: "search", silent: .seconds(4)))
    }

    @Test mutating func silenceCountsFromTheEndOfRest() {
        #expect(watchdog.look(.seconds(0), [sample(7, isIdle: true)]) == .ping)
        #expect(watchdog.look(.seconds(50), [sample(7, isIdle: true)]) == .ping)
        #expect(watchdog.look(.seconds(53), [sample(7)]) == .wait)
        #expect(watchdog.look(.seconds(54), [sample(7)]) == .hangs(loop: "ingest", silent: .seconds(4)))
    }
}
