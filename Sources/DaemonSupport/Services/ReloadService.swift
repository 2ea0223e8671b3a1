internal import Glibc
package import Logging
package import Observability
internal import ServiceLifecycle
package import UnixSignals

/// Reads the settings again on SIGHUP (`systemctl reload`) and applies those that can change while the daemon runs.
///
/// The log names the settings that were applied, and those that differ but need a restart.
package struct ReloadService: Service {
    private let hangups: UnixSignalsSequence
    private let readSettings: @Sendable () throws -> DaemonSettings
    private let live: LiveSettings
    private let isSocketActivated: Bool
    private let notifySocket: NotifySocket
    private let metrics: DaemonMetrics
    private let prepare: @Sendable (DaemonSettings) async throws -> Void
    private let applied: @Sendable () -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - hangups: the SIGHUPs of the process, trapped since before the daemon was ready.
    ///   - readSettings: reads the settings from the same flags, environment and file as at the start; called at each
    ///     SIGHUP.
    ///   - live: the settings in force, which a reload changes.
    ///   - isSocketActivated: whether systemd created the listening socket, so that `socket` and `socket-mode` have no
    ///     effect.
    ///   - notifySocket: gets `RELOADING=1` and `READY=1`.
    ///   - metrics: counts reloads.
    ///   - prepare: is called with new settings before they are applied. If it throws, no setting changes.
    ///   - applied: is called after each successful reload, also if no setting has changed.
    ///   - logger: gets a line for what a reload changed, or why it failed.
    package init(
        hangups: UnixSignalsSequence, readSettings: @escaping @Sendable () throws -> DaemonSettings,
        live: LiveSettings, isSocketActivated: Bool, notifySocket: NotifySocket, metrics: DaemonMetrics,
        prepare: @escaping @Sendable (DaemonSettings) async throws -> Void, applied: @escaping @Sendable () -> Void,
        logger: Logger
    ) {
        self.hangups = hangups
        self.readSettings = readSettings
        self.live = live
        self.isSocketActivated = isSocketActivated
        self.notifySocket = notifySocket
        self.metrics = metrics
        self.prepare = prepare
        self.applied = applied
        self.logger = logger
    }

    /// Reloads at each SIGHUP until the daemon stops.
    package func run() async throws {
        for await _ in hangups.cancelOnGracefulShutdown() {
            // systemd regards the unit as reloading until READY=1. Versions after 252 also require the time.
            notifySocket.send("RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds)")
            await reload()
            notifySocket.send("READY=1")
        }
    }

    /// Reads and applies the settings once; if they can't be read or prepared, all stay as they are and the log says why.
    package func reload() async {
        do {
            let wanted = try readSettings()
            try await prepare(wanted)
            let reload = live.apply(wanted)
            metrics.reloaded(ok: true)
            report(reload)
            applied()
        } catch {
            metrics.reloaded(ok: false)
            logger.error("the settings stay as they were", metadata: ["reason": "\(error)"])
        }
    }

    private func report(_ reload: LiveSettings.Reload) {
        if reload.changed.isEmpty, reload.needRestart.isEmpty {
            logger.notice("settings read again: nothing has changed")
        }
        if !reload.changed.isEmpty {
            let current = live.current
            logger.notice(
                "settings changed",
                metadata: Dictionary(uniqueKeysWithValues: reload.changed.map { ($0.name, "\($0.text(in: current))") }))
        }
        let setBySystemd = reload.needRestart.filter { isSocketActivated && $0.isOfSocket }
        let needRestart = reload.needRestart.filter { !(isSocketActivated && $0.isOfSocket) }
        warn("settings that take effect at a restart only", needRestart)
        warn("settings without effect: systemd made the socket, set them in its unit", setBySystemd)
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
