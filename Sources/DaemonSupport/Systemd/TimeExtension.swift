/// Asks systemd for more time while a start or a stop takes long and goes on: `EXTEND_TIMEOUT_USEC`.
package struct TimeExtension {
    package let socket: NotifySocket
    package let loops: DaemonLoops

    /// Makes the value from its parts.
    package init(socket: NotifySocket, loops: DaemonLoops) {
        self.socket = socket
        self.loops = loops
    }

    private static let interval = Duration.seconds(5)
    /// What each message asks for; several are sent in that time.
    private static let extra = Duration.seconds(30)
    /// How long the work may show no progress, a commit's last flush to the disk say.
    private static let patience = Duration.seconds(300)

    /// Asks until cancelled, or until the work under way seems to hang.
    package func run() async {
        guard socket.isHeard else { return }
        var watchdog = Watchdog(timeout: Self.patience * 2)
        while !Task.isCancelled {
            if case .hangs = watchdog.look(loops.clock, loops.samples()) { return }
            socket.tell("EXTEND_TIMEOUT_USEC=\(Int64(Self.extra / .microseconds(1)))")
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Runs `body`, asking meanwhile.
    package func whileRunning<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        let asking = Task { await run() }
        defer { asking.cancel() }
        return try await body()
    }
}
