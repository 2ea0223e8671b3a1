/// Asks systemd for more time (`EXTEND_TIMEOUT_USEC`) while a long start or stop makes progress.
package struct TimeExtension: Sendable {
    private let notifySocket: NotifySocket
    private let heartbeats: LoopHeartbeats

    /// - Parameters:
    ///   - notifySocket: gets the requests for more time.
    ///   - heartbeats: the loops that must make progress.
    package init(notifySocket: NotifySocket, heartbeats: LoopHeartbeats) {
        self.notifySocket = notifySocket
        self.heartbeats = heartbeats
    }

    /// The time between two requests.
    private static let interval = Duration.seconds(5)
    /// The time that one request asks for; it is longer than ``interval``, so that some requests can be lost.
    private static let requestedTime = Duration.seconds(30)
    /// How long a loop can be without progress, for example during the last flush of a commit.
    private static let timeout = Duration.seconds(300)

    /// Asks repeatedly until the task is cancelled, or until a loop has made no progress for five minutes.
    package func run() async {
        guard notifySocket.hasServiceManager else { return }
        // A watchdog reports a loop after half of its timeout.
        var watchdog = Watchdog(timeout: Self.timeout * 2)
        while !Task.isCancelled {
            if case .hangs = watchdog.check(heartbeats.elapsed, heartbeats.samples()) { return }
            notifySocket.send("EXTEND_TIMEOUT_USEC=\(Int64(Self.requestedTime / .microseconds(1)))")
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Runs `body`, and asks systemd for more time while it runs.
    package func whileRunning<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        let asking = Task { await run() }
        defer { asking.cancel() }
        return try await body()
    }
}
