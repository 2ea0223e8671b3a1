internal import Foundation
package import Logging
package import Observability
internal import ServiceLifecycle

/// Pings systemd's watchdog as long as all loops of the daemon move.
///
/// When one hangs it says so and pings no more: systemd then ends the process and starts it again, and the store and
/// the spool are found whole.
package struct WatchdogService: Service {
    package let socket: NotifySocket
    /// How long systemd waits for a ping.
    package let timeout: Duration
    package let loops: DaemonLoops
    package let changes: ChangeSignal
    package let logger: Logger

    /// - Returns: `nil` where systemd asks for no pings.
    package init?(
        environment: [String: String], socket: NotifySocket, loops: DaemonLoops, changes: ChangeSignal,
        logger: Logger
    ) {
        guard socket.isHeard, let timeout = Self.timeout(environment) else { return nil }
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
            switch watchdog.look(loops.clock, loops.samples()) {
            case .ping:
                if hangs {
                    logger.notice("all loops move again")
                    changes.signal()
                }
                hangs = false
                socket.tell("WATCHDOG=1")
            case .wait: break
            case .hangs(let loop, let silent):
                if !hangs {
                    let seconds = "\(Double(Int(silent / .milliseconds(1))) / 1000)"
                    logger.critical(
                        "a loop hangs; the watchdog is told no more",
                        metadata: ["loop": "\(loop)", "seconds": "\(seconds)"])
                    socket.tell("STATUS=The \(loop) loop hangs since \(seconds) s.")
                }
                hangs = true
            }
            // Often enough that a loop which moves again in time is told of in time.
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: timeout / 8) }
        }
    }

    /// sd_watchdog_enabled(3).
    private static func timeout(_ environment: [String: String]) -> Duration? {
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
