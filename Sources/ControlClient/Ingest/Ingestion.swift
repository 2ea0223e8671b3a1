package import WireAPI

/// Puts shards into the spool and, if asked to, waits for the outcome of each.
///
/// For example:
///
///     let files = try ShardFile.check(["words.npy"])
///     let spool = ProducerSpool(.images, try await daemon.status().value.spool)
///     var ingestion = Ingestion(files, into: spool, waits: true, status: { try await daemon.status().value })
///     let rejected = try await ingestion.run { event in print(event) }
package struct Ingestion<ClockType: Clock> where ClockType.Duration == Duration {
    /// The maximum number of shards whose outcomes are pending; the next one is submitted when one of them is known.
    private static var maximumPending: Int { 256 }
    /// The time between two checks of the spool for outcomes.
    private static var interval: Duration { .milliseconds(50) }
    /// How long an earlier receipt is ignored after the shard has left the incoming folder.
    ///
    /// `done/` can hold the receipt of an earlier shard with the same name and content, which nnnd replaces soon after
    /// it claims the new one. If it has not been replaced after this time, it counts as the outcome.
    private static var replacementTime: Duration { .seconds(1) }

    /// A shard that was submitted and whose outcome is not known yet.
    private struct Pending {
        let shard: SubmittedShard
        /// When the shard was first missing from the incoming folder; `nil` while it is there.
        var leftAt: ClockType.Instant?
    }

    private let spool: ProducerSpool
    private let waits: Bool
    private let timeout: Duration?
    private let clock: ClockType
    private var reachability: ReachabilityCheck<ClockType>
    private var toSubmit: ArraySlice<ShardFile>
    private var pending: [Pending] = []
    private var rejected = 0

    /// - Parameters:
    ///   - files: the shards, in the order in which they are submitted.
    ///   - spool: the spool to put them into.
    ///   - waits: whether to wait for the outcomes.
    ///   - timeout: the maximum duration of ``run(_:)``; `nil` for no limit.
    ///   - clock: the clock that measures times and sleeps.
    ///   - status: gets the status of the daemon; called about once a second while shards are pending, to notice that
    ///     the daemon can't be reached.
    package init(
        _ files: [ShardFile], into spool: ProducerSpool, waits: Bool, timeout: Duration? = nil,
        clock: ClockType = ContinuousClock(), status: @escaping @Sendable () async throws -> Status
    ) {
        self.spool = spool
        self.waits = waits
        self.timeout = timeout
        self.clock = clock
        reachability = ReachabilityCheck(clock: clock, status: status)
        toSubmit = files[...]
    }

    /// Submits all shards, and waits for their outcomes if `waits` is true.
    ///
    /// - Parameter report: is called with each step.
    /// - Returns: the number of shards that the daemon rejected.
    /// - Throws: ``Failure`` if the time is up, a name is taken or the daemon can't be reached; the daemon's `Problem`;
    ///   `SystemError`; `CancellationError`; and what `report` throws. Shards that were submitted stay in the spool.
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
        var stillPending: [Pending] = []
        for var entry in pending {
            if entry.leftAt == nil, try !spool.isWaiting(entry.shard) { entry.leftAt = clock.now }
            let acceptsEarlier = entry.leftAt.map { $0.duration(to: clock.now) >= Self.replacementTime } ?? false
            guard let outcome = try spool.outcome(of: entry.shard, acceptsEarlier: acceptsEarlier) else {
                stillPending.append(entry)
                continue
            }
            if case .rejected = outcome { rejected += 1 }
            try report(.finished(outcome))
        }
        pending = stillPending
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
