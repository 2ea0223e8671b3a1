internal import WireAPI

/// Asks the daemon for its status now and then while shards are pending, and tolerates a restart.
struct ReachabilityCheck<ClockType: Clock> where ClockType.Duration == Duration {
    /// The time between two requests.
    private static var interval: Duration { .seconds(1) }
    /// The time for which the daemon can be unreachable.
    private static var tolerance: Duration { .seconds(10) }

    private let clock: ClockType
    private let status: @Sendable () async throws -> Status
    private var lastAsked: ClockType.Instant?
    private var lastReached: ClockType.Instant

    /// A check that begins now.
    init(clock: ClockType, status: @escaping @Sendable () async throws -> Status) {
        self.clock = clock
        self.status = status
        lastReached = clock.now
    }

    /// Asks, if it is time to.
    ///
    /// - Throws: ``Failure`` if the daemon has been unreachable for too long, and the daemon's `Problem`.
    mutating func run() async throws {
        if let lastAsked, lastAsked.duration(to: clock.now) < Self.interval { return }
        lastAsked = clock.now
        do {
            _ = try await status()
            lastReached = clock.now
        } catch let failure as Failure where failure.status == .unavailable {
            guard lastReached.duration(to: clock.now) >= Self.tolerance else { return }
            throw Failure(
                failure.status,
                "\(failure.message ?? "nnnd can't be reached.") Submitted shards stay in the spool until nnnd runs again."
            )
        } catch let problem as Problem where problem.status == 429 || problem.status == 503 {
            lastReached = clock.now
        }
    }
}
