internal import Foundation
internal import Glibc
package import Logging
package import Observability
internal import ServiceLifecycle
package import UnixSignals

/// Reads the settings anew on SIGHUP (`systemctl reload`), applies what can change while the daemon runs, and says what
/// can't.
package struct ReloadService: Service {
    /// SIGHUPs; trapped since before the daemon said that it is ready.
    package let hangups: UnixSignalsSequence
    /// Reads the settings from where the start did.
    package let read: @Sendable () throws -> ServeSettings
    package let live: LiveSettings
    /// Whether the listening socket is systemd's.
    package let isActivated: Bool
    package let socket: NotifySocket
    package let metrics: DaemonMetrics
    /// Is called after settings have changed.
    package let applied: @Sendable () -> Void
    package let logger: Logger

    /// Makes the value from its parts.
    package init(
        hangups: UnixSignalsSequence, read: @escaping @Sendable () throws -> ServeSettings, live: LiveSettings,
        isActivated: Bool, socket: NotifySocket, metrics: DaemonMetrics, applied: @escaping @Sendable () -> Void,
        logger: Logger
    ) {
        self.hangups = hangups
        self.read = read
        self.live = live
        self.isActivated = isActivated
        self.socket = socket
        self.metrics = metrics
        self.applied = applied
        self.logger = logger
    }

    /// Reloads at each SIGHUP until the daemon stops.
    package func run() async throws {
        for await _ in hangups.cancelOnGracefulShutdown() {
            // systemd 252 takes the unit for reloading until READY=1 comes; later ones want the time as well.
            socket.tell("RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds)")
            reload()
            socket.tell("READY=1")
        }
    }

    private func reload() {
        do {
            let wanted = try read()
            let (changed, fixed) = live.apply(wanted)
            metrics.reloaded(ok: true)
            if changed.isEmpty, fixed.isEmpty { logger.notice("settings read anew: nothing has changed") }
            if !changed.isEmpty {
                logger.notice(
                    "settings changed",
                    metadata: Dictionary(uniqueKeysWithValues: changed.map { ($0.rawValue, "\($0.text(in: wanted))") }))
            }
            let systemds = fixed.filter { isActivated && $0.isOfSocket }
            warn("settings that take effect at a restart only", fixed.filter { !systemds.contains($0) })
            warn("settings without effect: the socket is systemd's, set them in its unit", systemds)
            applied()
        } catch {
            metrics.reloaded(ok: false)
            logger.error("the settings stay as they were", metadata: ["reason": "\(error)"])
        }
    }

    private func warn(_ message: Logger.Message, _ settings: [Setting]) {
        guard !settings.isEmpty else { return }
        logger.warning(message, metadata: ["settings": "\(settings.map(\.rawValue).joined(separator: ", "))"])
    }

    private static var monotonicMicroseconds: Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
