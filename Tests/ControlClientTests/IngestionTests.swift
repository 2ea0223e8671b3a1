import ControlClient
import PosixSupport
import Synchronization
import Testing
import WireAPI

/// Ingestions without a daemon: the closure of a ``ManualClock`` does what the daemon would do.
///
/// It is called whenever an ingestion sleeps between two checks of the spool.
@Suite struct IngestionTests {
    private let spool: SpoolFixture

    init() throws {
        spool = try SpoolFixture()
    }

    private func files(_ names: [String]) throws -> [ShardFile] {
        try ShardFile.check(try names.map { try spool.file($0) })
    }

    private func status() -> @Sendable () async throws -> Status {
        let status = Documents.status(spool: spool.root)
        return { status }
    }

    /// An event as a word and a name.
    private static func text(_ event: IngestEvent) -> String {
        switch event {
        case .copying(let name): "copying \(name)"
        case .submitted(let name): "submitted \(name)"
        case .waiting(let name): "waiting \(name)"
        case .finished(.committed(let receipt)): "committed \(receipt.name)"
        case .finished(.rejected(let failure)): "rejected \(failure.name)"
        }
    }

    @Test func withoutWaitingEachShardIsSubmitted() async throws {
        var ingestion = Ingestion(
            try files(["a.npy", "b.npy"]), into: spool.images, waits: false, clock: ManualClock(), status: status())
        var events: [String] = []
        let rejected = try await ingestion.run { events.append(Self.text($0)) }
        #expect(events == ["copying a.npy", "submitted a.npy", "copying b.npy", "submitted b.npy"])
        #expect(rejected == 0 && spool.names("images") == ["a.npy", "b.npy"])
    }

    @Test func waitsForAReceiptOrARejectionOfEach() async throws {
        let spool = spool
        let clock = ManualClock {
            if spool.names("images").contains("b.npy") {
                try spool.reject("b.npy")
            } else {
                try spool.commit("a.npy")
            }
        }
        var ingestion = Ingestion(
            try files(["a.npy", "b.npy"]), into: spool.images, waits: true, clock: clock, status: status())
        var events: [String] = []
        let rejected = try await ingestion.run { events.append(Self.text($0)) }
        #expect(
            events == [
                "copying a.npy", "copying b.npy", "waiting a.npy", "rejected b.npy", "waiting a.npy", "committed a.npy",
            ])
        #expect(rejected == 1)
    }

    @Test func atMost256ShardsArePendingAtATime() async throws {
        let names = (0..<300).map { "s\($0).npy" }
        let (spool, most) = (spool, Maximum())
        let clock = ManualClock {
            let waiting = spool.names("images")
            most.add(waiting.count)
            for name in waiting.prefix(100) { try spool.commit(name) }
        }
        var ingestion = Ingestion(try files(names), into: spool.images, waits: true, clock: clock, status: status())
        var committed = 0
        _ = try await ingestion.run { if case .finished = $0 { committed += 1 } }
        #expect(committed == 300 && most.value == 256)
    }

    /// nnnd may leave the receipt of an earlier shard with the same name and content as it is.
    @Test func theReceiptOfAnEarlierSubmissionCountsAfterASecond() async throws {
        let spool = spool
        let clock = ManualClock {
            if spool.names("images") == ["a.npy"] { try spool.commit("a.npy", at: Documents.time) }
        }
        var ingestion = Ingestion(try files(["a.npy"]), into: spool.images, waits: true, clock: clock, status: status())
        _ = try await ingestion.run { _ in }
        #expect(clock.now.offset >= .seconds(1) && clock.now.offset < .seconds(2))
    }

    @Test func theTimeoutEndsTheWaiting() async throws {
        let names = ["a.npy", "b.npy", "c.npy", "d.npy"]
        let clock = ManualClock()
        var ingestion = Ingestion(
            try files(names), into: spool.images, waits: true, timeout: .seconds(3), clock: clock, status: status())
        let failure = await #expect(throws: Failure.self) { _ = try await ingestion.run { _ in } }
        #expect(failure?.status == .tryAgain)
        #expect(failure?.message?.contains("a.npy, b.npy, c.npy and 1 more") == true)
        #expect(clock.now.offset >= .seconds(3) && clock.now.offset < .seconds(4))
        #expect(spool.names("images") == names)
    }

    @Test func shardsThatWereNotSubmittedAreCountedAtTheTimeout() async throws {
        let names = (0..<260).map { "s\($0).npy" }
        var ingestion = Ingestion(
            try files(names), into: spool.images, waits: true, timeout: .zero, clock: ManualClock(), status: status())
        let failure = await #expect(throws: Failure.self) { _ = try await ingestion.run { _ in } }
        #expect(failure?.message?.contains("4 were not submitted") == true)
        #expect(spool.names("images").count == 256)
    }

    @Test func aDaemonThatIsGoneForTenSecondsEndsTheWaiting() async throws {
        let clock = ManualClock()
        var ingestion = Ingestion(
            try files(["a.npy"]), into: spool.images, waits: true, clock: clock,
            status: { throw Failure(.unavailable, "no socket.") })
        let failure = await #expect(throws: Failure.self) { _ = try await ingestion.run { _ in } }
        #expect(failure?.status == .unavailable)
        #expect(failure?.message == "no socket. Submitted shards stay in the spool until nnnd runs again.")
        #expect(clock.now.offset >= .seconds(10) && clock.now.offset < .seconds(12))
    }

    @Test func aDaemonThatComesBackIsWaitedFor() async throws {
        let (spool, calls) = (spool, Counter())
        let clock = ManualClock { if calls.value >= 12 { try spool.commit("a.npy") } }
        let status = status()
        var ingestion = Ingestion(
            try files(["a.npy"]), into: spool.images, waits: true, clock: clock,
            status: {
                // Gone for 9 s, there once, then gone again.
                calls.increment()
                if calls.value == 10 { return try await status() }
                throw Failure(.unavailable, "no socket.")
            })
        let rejected = try await ingestion.run { _ in }
        #expect(rejected == 0)
    }

    @Test(arguments: [429, 503]) func anOverloadedDaemonIsThere(code: Int) async throws {
        let (spool, calls) = (spool, Counter())
        let clock = ManualClock { if calls.value == 30 { try spool.commit("a.npy") } }
        var ingestion = Ingestion(
            try files(["a.npy"]), into: spool.images, waits: true, clock: clock,
            status: {
                calls.increment()
                throw Problem(title: "", status: code, detail: "", code: "overloaded")
            })
        let rejected = try await ingestion.run { _ in }
        #expect(rejected == 0)
    }

    @Test func anotherProblemOfTheDaemonEndsTheWaiting() async throws {
        let problem = Problem(title: "", status: 500, detail: "", code: "internal")
        var ingestion = Ingestion(
            try files(["a.npy"]), into: spool.images, waits: true, clock: ManualClock(), status: { throw problem })
        await #expect(throws: problem) { _ = try await ingestion.run { _ in } }
    }

    @Test func aCancelledIngestionEnds() async throws {
        let (files, images, status) = (try files(["a.npy"]), spool.images, status())
        let task = Task {
            var ingestion = Ingestion(
                files, into: images, waits: true,
                clock: ManualClock { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } },
                status: status)
            return try await ingestion.run { _ in }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(spool.names("images") == ["a.npy"])
    }
}

/// The largest of some numbers.
private final class Maximum: Sendable {
    private let state = Mutex(0)

    var value: Int { state.withLock { $0 } }

    func add(_ number: Int) {
        state.withLock { $0 = max($0, number) }
    }
}

/// The number of calls of a closure so far.
private final class Counter: Sendable {
    private let state = Mutex(0)

    var value: Int { state.withLock { $0 } }

    func increment() {
        state.withLock { $0 += 1 }
    }
}
