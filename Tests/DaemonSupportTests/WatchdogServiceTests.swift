import DaemonSupport
import Foundation
import Logging
import Observability
import Testing

/// The watchdog's pings.
@Suite struct WatchdogServiceTests {
    private let manager: Manager
    private let notifySocket: NotifySocket
    private let heartbeats = LoopHeartbeats()
    private let changes = ChangeSignal()

    init() throws {
        manager = try Manager("@nnnd-\(UUID())")
        notifySocket = try NotifySocket(environment: ["NOTIFY_SOCKET": manager.name])
    }

    private func service(_ environment: [String: String], _ log: Lines = Lines()) -> WatchdogService? {
        let handler = LineLogHandler(threshold: LogThreshold(.info), isJournal: true) { log.add($0) }
        return WatchdogService(
            environment: environment, notifySocket: notifySocket, heartbeats: heartbeats, changes: changes,
            logger: Logger(label: "test", factory: { _ in handler }))
    }

    @Test func thereIsNoneWithoutATimeoutOrForAnotherProcess() {
        #expect(service([:]) == nil)
        #expect(service(["WATCHDOG_USEC": "0"]) == nil)
        #expect(service(["WATCHDOG_USEC": "soon"]) == nil)
        #expect(service(["WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"]) == nil)
        let ownProcessID = "\(ProcessInfo.processInfo.processIdentifier)"
        #expect(service(["WATCHDOG_USEC": "1000000", "WATCHDOG_PID": ownProcessID]) != nil)
    }

    @Test func itPingsUntilALoopHangsAndAgainAfterwards() async throws {
        let log = Lines()
        let watchdog = try #require(service(["WATCHDOG_USEC": "80000"], log))
        // An ingest loop that waits for events is idle; the search loop has no queue and so no work.
        heartbeats.ingest.beginWait(seconds: 3600)
        let running = Task { try await watchdog.run() }
        #expect(await manager.receive() == "WATCHDOG=1")
        heartbeats.ingest.endWait()
        var message = await manager.receive()
        while message == "WATCHDOG=1" { message = await manager.receive() }
        #expect(message.hasPrefix("STATUS=The ingest loop has made no progress for "))
        #expect(
            log.all.count == 1 && log.all[0].hasPrefix("<2>a loop hangs; the watchdog gets no more pings loop=ingest"))
        heartbeats.ingest.beginWait(seconds: 3600)
        #expect(await manager.receive() == "WATCHDOG=1")
        #expect(log.all.count == 2 && log.all[1] == "<5>all loops make progress again")
        // It signals that the status line, which named the loop, must be sent again.
        var signals = changes.stream.makeAsyncIterator()
        #expect(await signals.next() != nil)
        running.cancel()
        try await running.value
    }

    @Test func theTimeExtensionAsksWhileItsBodyRuns() async throws {
        let timeExtension = TimeExtension(notifySocket: notifySocket, heartbeats: heartbeats)
        let result = try await timeExtension.whileRunning { [manager] in await manager.receive() }
        #expect(result == "EXTEND_TIMEOUT_USEC=30000000")
    }
}
