/// Asks systemd for more time while a long start or stop makes progress: `EXTEND_TIMEOUT_USEC`.
package struct TimeExtension: Sendable {
    private let socket: NotifySocket
    private let loops: DaemonLoops

    /// - Parameters:
    ///   - socket: the way to systemd.
    ///   - loops: the loops whose progress counts.
    package init(socket: NotifySocket, loops: DaemonLoops) {
        self.socket = socket
        self.loops = loops
    }

    private static let interval = Duration.seconds(5)
    /// The time that one message asks for; several are sent in it.
    private static let requestedTime = Duration.seconds(30)
    /// How long the work can be without progress, for example during the last flush of a commit.
    private static let timeout = Duration.seconds(300)

    /// Asks until the task is cancelled, or until the work hangs.
    package func run() async {
        guard socket.hasManager else { return }
        var watchdog = Watchdog(timeout: Self.timeout * 2)
        while !Task.isCancelled {
            if case .hangs = watchdog.check(loops.clock, loops.samples()) { return }
            socket.send("EXTEND_TIMEOUT_USEC=\(Int64(Self.requestedTime / .microseconds(1)))")
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Runs `body`, and asks while it runs.
    package func whileRunning<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        let asking = Task { await run() }
        defer { asking.cancel() }
        return try await body()
    }
}
