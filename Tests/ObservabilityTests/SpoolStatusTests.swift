import Foundation
import Observability
import Testing
import WireAPI

/// The state of the spool.
@Suite struct SpoolStatusTests {
    private let changes = ChangeSignal()
    private let status: SpoolStatus

    init() {
        status = SpoolStatus(changes: changes)
    }

    private func failure(_ name: String) -> ShardFailure {
        ShardFailure(
            name: name, kind: "images", code: "no_rows", message: "", advice: "", rows: [],
            rejected: Date(timeIntervalSince1970: 0))
    }

    @Test func theNewestRejectionsAreKept() {
        for number in 0..<20 { status.add(failure("\(number)")) }
        #expect(status.failures.map(\.name) == (4..<20).reversed().map { "\($0)" })
        #expect(status.failures.count == SpoolStatus.maximumFailures)
    }

    @Test func aChangeOfTheBacklogIsSignalled() async {
        status.backlog = 5
        status.backlog = 6
        var signals = changes.stream.makeAsyncIterator()
        #expect(await signals.next() != nil)
        #expect(status.backlog == 6)
    }
}

/// The progress of a loop.
@Suite struct HeartbeatTests {
    private let heartbeat = Heartbeat()

    @Test func beatsAreCounted() {
        let before = heartbeat.sample("ingest")
        heartbeat.beat()
        heartbeat.beat()
        let after = heartbeat.sample("ingest")
        #expect((after.loop, after.count - before.count, after.isIdle) == ("ingest", 2, false))
    }

    @Test func aLoopThatWaitsForEventsIsIdle() {
        heartbeat.beginWait(seconds: 3600)
        let waiting = heartbeat.sample("ingest")
        #expect(waiting.isIdle)
        heartbeat.endWait()
        let running = heartbeat.sample("ingest")
        #expect(!running.isIdle && running.count > waiting.count)
    }

    @Test func aWaitThatIsOverdueIsNotIdle() {
        heartbeat.beginWait(seconds: -1)
        #expect(!heartbeat.sample("ingest").isIdle)
    }

    @Test func aLoopWithoutWorkIsIdle() {
        #expect(heartbeat.sample("search", isIdle: true).isIdle)
    }

    @Test func theElapsedTimeOnlyGrows() {
        let first = heartbeat.elapsed
        #expect(heartbeat.elapsed >= first)
    }
}
