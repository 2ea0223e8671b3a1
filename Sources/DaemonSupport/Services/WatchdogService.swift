internal import Foundation
package import Logging
package import Observability
internal import ServiceLifecycle

/// Pings systemd's watchdog as long as all loops of the daemon make progress.
///
/// When a loop hangs, the service logs it and sends no more pings. systemd then ends the process and starts it again;
/// the store and the spool recover as after a crash.
package struct WatchdogService: Service {
    private let socket: NotifySocket
    /// How long systemd waits for a ping.
    private let timeout: Duration
    private let loops: DaemonLoops
    private let changes: ChangeSignal
    private let logger: Logger

    /// - Parameters:
    ///   - environment: the environment, in which systemd asks for pings.
    ///   - socket: the way to systemd.
    ///   - loops: the loops that must make progress.
    ///   - changes: is signalled when the status line must be sent again.
    ///   - logger: where a loop that hangs is reported.
    /// - Returns: `nil` where systemd asks for no pings.
    package init?(
        environment: [String: String], socket: NotifySocket, loops: DaemonLoops, changes: ChangeSignal,
        logger: Logger
    ) {
        guard socket.hasManager, let timeout = Self.timeout(environment) else { return nil }
        self.socket = socket
        self.timeout = timeout
        self.loops = loops
        self.changes = changes
        self.logger = logger
    }

    /// Pings until the daemon stops.
    package func run() async throws {
        var watchdog = Watchdog(timeout: timeout)
        var hangs = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            switch watchdog.check(loops.clock, loops.samples()) {
            case .ping:
                if hangs {
                    logger.notice("all loops make progress again")
                    changes.signal()
                }
                hangs = false
                socket.send("WATCHDOG=1")
            case .wait: break
            case .hangs(let loop, let stalled):
                if !hangs { report(loop, stalled) }
                hangs = true
            }
            // Often enough that a loop which recovers in time is noticed in time.
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: timeout / 8) }
        }
    }

    private func report(_ loop: String, _ stalled: Duration) {
        let seconds = "\(Double(Int(stalled / .milliseconds(1))) / 1000)"
        logger.critical(
            "a loop hangs; the watchdog gets no more pings", metadata: ["loop": "\(loop)", "seconds": "\(seconds)"])
        socket.send("STATUS=The \(loop) loop has made no progress for \(seconds) s.")
    }

    /// The time between two pings at most, as sd_watchdog_enabled(3) describes it.
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
