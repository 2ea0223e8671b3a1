package import WireAPI

/// Puts shards into the spool and, if asked to, waits for the outcome of each.
///
/// For example:
///
///     let files = try ShardFile.check(["words.npy"])
///     let spool = SpoolClient(.images, try await daemon.status().value.spool)
///     var ingestion = Ingestion(files, into: spool, waits: true, status: { try await daemon.status().value })
///     let rejected = try await ingestion.run { event in print(event) }
package struct Ingestion<ClockType: Clock> where ClockType.Duration == Duration {
    /// The most shards that are pending at a time; the next one is submitted when one of them is finished.
    private static var maximumPending: Int { 256 }
    /// The time between two looks at the spool.
    private static var interval: Duration { .milliseconds(50) }
    /// The time after a shard has left the spool within which the receipt of an earlier submission can be replaced.
    private static var replacementTime: Duration { .seconds(1) }

    private struct Pending {
        let shard: SubmittedShard
        /// The time when the shard was first seen not to be in the spool.
        var left: ClockType.Instant?
    }

    private let spool: SpoolClient
    private let waits: Bool
    private let timeout: Duration?
    private let clock: ClockType
    private var reachability: ReachabilityCheck<ClockType>
    private var toSubmit: ArraySlice<ShardFile>
    private var pending: [Pending] = []
    private var rejected = 0

    /// An ingestion that begins when it is run.
    ///
    /// - Parameters:
    ///   - files: the shards, in the order in which they are submitted.
    ///   - spool: the spool that they go into.
    ///   - waits: whether to wait for the outcomes.
    ///   - timeout: the most time to wait for all outcomes together; `nil` for no limit.
    ///   - clock: the clock that measures times and sleeps.
    ///   - status: gets the daemon's status, by which its end is noticed.
    package init(
        _ files: [ShardFile], into spool: SpoolClient, waits: Bool, timeout: Duration? = nil,
        clock: ClockType = ContinuousClock(), status: @escaping @Sendable () async throws -> Status
    ) {
        self.spool = spool
        self.waits = waits
        self.timeout = timeout
        self.clock = clock
        reachability = ReachabilityCheck(clock: clock, status: status)
        toSubmit = files[...]
    }

    /// Submits all shards, and waits if asked to.
    ///
    /// - Parameter report: is called with each step.
    /// - Returns: the number of shards that the daemon rejected.
    /// - Throws: ``Failure`` where the time is up, a name is taken or the daemon is gone; `SystemError`;
    ///   `CancellationError`; and what `report` throws. Shards that are in the spool by then stay there.
    package mutating func run(_ report: (IngestEvent) throws -> Void) async throws -> Int {
        let start = clock.now
        while !toSubmit.isEmpty || !pending.isEmpty {
            try submit(report)
            if pending.isEmpty { continue }
            try await reachability.run()
            try collectOutcomes(report)
            guard let next = pending.first else { continue }
            if let timeout, start.duration(to: clock.now) >= timeout { throw timeoutFailure }
            try report(.waiting(name: next.shard.name))
            try await clock.sleep(for: Self.interval)
        }
        return rejected
    }

    private mutating func submit(_ report: (IngestEvent) throws -> Void) throws {
        while pending.count < Self.maximumPending, let file = toSubmit.first {
            try report(.copying(name: file.name))
            let shard = try spool.submit(file)
            toSubmit = toSubmit.dropFirst()
            if waits {
                pending.append(Pending(shard: shard))
            } else {
                try report(.submitted(name: shard.name))
            }
        }
    }

    private mutating func collectOutcomes(_ report: (IngestEvent) throws -> Void) throws {
        var open: [Pending] = []
        for var entry in pending {
            if entry.left == nil, try !spool.isWaiting(entry.shard) { entry.left = clock.now }
            let acceptsEarlier = entry.left.map { $0.duration(to: clock.now) >= Self.replacementTime } ?? false
            guard let outcome = try spool.outcome(of: entry.shard, acceptsEarlier: acceptsEarlier) else {
                open.append(entry)
                continue
            }
            if case .rejected = outcome { rejected += 1 }
            try report(.finished(outcome))
        }
        pending = open
    }

    private var timeoutFailure: Failure {
        let names = pending.prefix(3).map(\.shard.name).joined(separator: ", ")
        let more = pending.count > 3 ? " and \(NumberFormat.count(pending.count - 3)) more" : ""
        let rest = toSubmit.isEmpty ? "" : "; \(NumberFormat.count(toSubmit.count)) were not submitted yet"
        return Failure(
            .tryAgain,
            "time is up without a receipt for \(names)\(more); nnnd still processes what is in its spool\(rest)")
    }
}
