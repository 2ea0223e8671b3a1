internal import WireAPI

/// Checks that the daemon can be reached while an ``Ingestion`` waits; a restart of the daemon is tolerated.
struct ReachabilityCheck<ClockType: Clock> where ClockType.Duration == Duration {
    /// The minimum time between two requests.
    private static var interval: Duration { .seconds(1) }
    /// How long the daemon can be unreachable before the check fails.
    private static var tolerance: Duration { .seconds(10) }

    private let clock: ClockType
    private let status: @Sendable () async throws -> Status
    private var lastAsked: ClockType.Instant?
    private var lastReached: ClockType.Instant

    /// - Parameters:
    ///   - clock: the clock that measures times.
    ///   - status: requests the status of the daemon.
    init(clock: ClockType, status: @escaping @Sendable () async throws -> Status) {
        self.clock = clock
        self.status = status
        lastReached = clock.now
    }

    /// Requests the status, unless the last request was less than a second ago.
    ///
    /// - Throws: ``Failure`` if the daemon has been unreachable for ten seconds; the daemon's `Problem`, unless it says
    ///   that the daemon is overloaded; and other errors of the request.
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
