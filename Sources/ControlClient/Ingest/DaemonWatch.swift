package import WireAPI

/// Asks for the daemon's status now and then while shards are waited for, and bears with a restart.
package struct DaemonWatch {
    /// How long the daemon may be away.
    private static let patience = Duration.seconds(10)

    private let daemon: DaemonClient
    private let interval: Duration
    private var lastAsked: ContinuousClock.Instant?
    private var lastSeen = ContinuousClock.now

    package init(_ daemon: DaemonClient, interval: Duration) {
        self.daemon = daemon
        self.interval = interval
    }

    /// The daemon's status, or `nil` if it isn't time to ask again or the daemon is away for a moment.
    ///
    /// - Throws: the ``Failure`` to reach it, if it has been away too long.
    package mutating func look() async throws -> Status? {
        if let lastAsked, lastAsked.duration(to: .now) < interval { return nil }
        lastAsked = .now
        do {
            let status = try await daemon.status().value
            lastSeen = .now
            return status
        } catch let failure as Failure where failure.status == .unavailable {
            guard lastSeen.duration(to: .now) >= Self.patience else { return nil }
            throw Failure(
                failure.status,
                "\(failure.message ?? "nnnd is away") What was dropped stays in the spool until nnnd is back.")
        } catch let problem as Problem where problem.status == 429 || problem.status == 503 {
            return nil
        }
    }
}
