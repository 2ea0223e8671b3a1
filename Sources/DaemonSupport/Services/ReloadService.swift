internal import Glibc
package import Logging
package import Observability
internal import ServiceLifecycle
package import UnixSignals

/// Reads the settings again on SIGHUP (`systemctl reload`) and applies those that can change while the daemon runs.
///
/// The log names the settings that have changed, and those that need a restart.
package struct ReloadService: Service {
    private let hangups: UnixSignalsSequence
    private let read: @Sendable () throws -> DaemonSettings
    private let live: LiveSettings
    private let isActivated: Bool
    private let socket: NotifySocket
    private let metrics: DaemonMetrics
    private let applied: @Sendable () -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - hangups: the SIGHUPs, trapped since before the daemon was ready.
    ///   - read: reads the settings from the sources of the start.
    ///   - live: the settings in force.
    ///   - isActivated: whether systemd made the listening socket.
    ///   - socket: the way to systemd.
    ///   - metrics: where reloads are counted.
    ///   - applied: is called after settings have changed.
    ///   - logger: where changes are reported.
    package init(
        hangups: UnixSignalsSequence, read: @escaping @Sendable () throws -> DaemonSettings, live: LiveSettings,
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
            // systemd 252 regards the unit as reloading until READY=1 comes; later versions need the time as well.
            socket.send("RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds)")
            reload()
            socket.send("READY=1")
        }
    }

    /// Reads and applies the settings once.
    package func reload() {
        do {
            let reload = live.apply(try read())
            metrics.reloaded(ok: true)
            report(reload)
            applied()
        } catch {
            metrics.reloaded(ok: false)
            logger.error("the settings stay as they were", metadata: ["reason": "\(error)"])
        }
    }

    private func report(_ reload: LiveSettings.Reload) {
        if reload.changed.isEmpty, reload.unchangeable.isEmpty {
            logger.notice("settings read again: nothing has changed")
        }
        if !reload.changed.isEmpty {
            let now = live.now
            logger.notice(
                "settings changed",
                metadata: Dictionary(uniqueKeysWithValues: reload.changed.map { ($0.name, "\($0.text(in: now))") }))
        }
        let ofSystemd = reload.unchangeable.filter { isActivated && $0.isOfSocket }
        let ofRestart = reload.unchangeable.filter { !(isActivated && $0.isOfSocket) }
        warn("settings that take effect at a restart only", ofRestart)
        warn("settings without effect: systemd made the socket, set them in its unit", ofSystemd)
    }

    private func warn(_ message: Logger.Message, _ settings: [Setting]) {
        guard !settings.isEmpty else { return }
        logger.warning(message, metadata: ["settings": "\(settings.map(\.name).joined(separator: ", "))"])
    }

    private static var monotonicMicroseconds: Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
