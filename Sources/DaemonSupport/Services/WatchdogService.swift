internal import Foundation
package import Logging
package import Observability
internal import ServiceLifecycle

/// Pings systemd's watchdog as long as all loops of the daemon make progress.
///
/// When a loop hangs, the service logs it and sends no more pings. systemd then ends the process and starts it again;
/// the store and the spool recover as after a crash.
package struct WatchdogService: Service {
    private let notifySocket: NotifySocket
    /// How long systemd waits for a ping before it ends the process.
    private let timeout: Duration
    private let heartbeats: LoopHeartbeats
    private let changes: ChangeSignal
    private let logger: Logger

    /// - Parameters:
    ///   - environment: the environment of the process; `WATCHDOG_USEC` in it is the timeout.
    ///   - notifySocket: gets the pings.
    ///   - heartbeats: the loops that must make progress.
    ///   - changes: is signalled when a loop that hung makes progress again, so that the status line is sent again.
    ///   - logger: gets a line when a loop hangs and when it makes progress again.
    /// - Returns: `nil` if systemd does not ask for pings.
    package init?(
        environment: [String: String], notifySocket: NotifySocket, heartbeats: LoopHeartbeats, changes: ChangeSignal,
        logger: Logger
    ) {
        guard notifySocket.hasServiceManager, let timeout = Self.timeout(environment) else { return nil }
        self.notifySocket = notifySocket
        self.timeout = timeout
        self.heartbeats = heartbeats
        self.changes = changes
        self.logger = logger
    }

    /// Pings until a graceful shutdown begins or the task is cancelled.
    package func run() async throws {
        var watchdog = Watchdog(timeout: timeout)
        var hangs = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            switch watchdog.check(heartbeats.elapsed, heartbeats.samples()) {
            case .ping:
                if hangs {
                    logger.notice("all loops make progress again")
                    changes.signal()
                }
                hangs = false
                notifySocket.send("WATCHDOG=1")
            case .wait: break
            case .hangs(let loop, let stalled):
                if !hangs { report(loop, stalled) }
                hangs = true
            }
            // A loop counts as hanging after half of the timeout. If it recovers, the next ping must still be in time.
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: timeout / 8) }
        }
    }

    private func report(_ loop: String, _ stalled: Duration) {
        let seconds = "\(Double(Int(stalled / .milliseconds(1))) / 1000)"
        logger.critical(
            "a loop hangs; the watchdog gets no more pings", metadata: ["loop": "\(loop)", "seconds": "\(seconds)"])
        notifySocket.send("STATUS=The \(loop) loop has made no progress for \(seconds) s.")
    }

    /// The maximum time between two pings, as sd_watchdog_enabled(3) defines it; `nil` if this process need not ping.
    static func timeout(_ environment: [String: String]) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
            return nil
        }
        if let process = environment["WATCHDOG_PID"].flatMap({ Int32($0) }),
            process != ProcessInfo.processInfo.processIdentifier
        {
            return nil
        }
        return .microseconds(microseconds)
    }
}
