internal import IncrementalBias
internal import Logging
internal import Observability
internal import PosixSupport
package import ShardFormats
internal import SpoolProtocol

/// Brings shards from the spool into the corpus.
///
/// The stages are discover, claim, read, commit and publish. A run that has published nothing also takes one step
/// towards codes that fit the corpus better (``Corpus/recode(_:)``).
///
/// The first run starts with a recovery: it finishes what a crash interrupted. The pipeline has no thread and does not
/// wait. ``SpoolService`` runs it again and again.
///
/// For example:
///
///     var pipeline = IngestPipeline(context)
///     let summary = try pipeline.runOnce()
///     // There is nothing more to do for summary.wait seconds, unless a file arrives.
package struct IngestPipeline {
    let context: IngestContext
    var readiness: Readiness
    var retries = RetrySchedule()
    var outbox = Outbox()
    var claims: ClaimLog
    var unused = UnusedFiles()
    /// The folders of whose files the later ones wait in this pass.
    private var heldRoles: Set<VectorRole> = []
    /// Numbers of receipts whose shards have been published since the last commit.
    var acknowledged: Set<UInt64> = []
    /// When the next recovery is due (``SpoolTime/uptime``); `nil` if none is needed.
    private var recoveryDue: Double? = 0
    /// When codes and cells may be improved again after a fault (``SpoolTime/uptime``); `nil` after a success.
    var improvementDue: Double?

    /// A pipeline whose first run starts with a recovery.
    ///
    /// - Parameter context: what the pipeline works on and reports to. The folders must exist.
    package init(_ context: IngestContext) {
        self.context = context
        let settings = context.settings()
        readiness = Readiness(
            context.folders, quietSeconds: settings.quietSeconds, listQuietSeconds: settings.listQuietSeconds)
        claims = ClaimLog(context.folders)
    }

    /// What a run did.
    package struct Summary {
        /// The number of shards that were published.
        package internal(set) var published = 0
        /// The seconds after which the next run is needed if nothing happens; 0 if it is needed now.
        package internal(set) var wait: Double

        mutating func lookAgain(within seconds: Double) {
            wait = min(wait, seconds)
        }
    }

    /// Seconds until the next try after a fault of the system.
    package static let faultPause = 5.0
    /// Seconds until the next try with a file that changed while it was claimed or read.
    private static let changePause = 0.1

    /// Records that files were renamed into an incoming folder, and so are complete.
    ///
    /// - Parameter names: the names of the files, by role.
    package mutating func noteRenamed(_ names: [VectorRole: Set<String>]) {
        readiness.noteRenamed(names)
    }

    /// Processes all files that are ready.
    ///
    /// - Parameter isStopping: is called before each file. If it returns true, no more files are processed.
    /// - Throws: a fault that affects all files, such as a full disk; the pipeline can be run again later.
    package mutating func runOnce(isStopping: () -> Bool = { false }) throws -> Summary {
        let settings = context.settings()
        readiness.quietSeconds = settings.quietSeconds
        readiness.listQuietSeconds = settings.listQuietSeconds
        var summary = Summary(wait: settings.rescanSeconds)
        try context.folders.make()
        retries.removeAbandoned(now: context.clock().uptime)
        try recoverIfDue(&summary)
        try publish(&summary)
        try processFiles(&summary, isStopping)
        var hasImproved = false
        if summary.published == 0 {
            try reportUnused(&summary)
            if !isStopping() { hasImproved = try improve(&summary) }
        }
        let now = context.clock().uptime
        if let delay = retries.delay(now: now) { summary.lookAgain(within: delay) }
        if let recoveryDue { summary.lookAgain(within: max(0.1, recoveryDue - now)) }
        if summary.published > 0 || hasImproved { summary.wait = 0 }
        return summary
    }

    /// Removes the references that the settings for their maximum numbers and ages no longer keep.
    package mutating func retire() throws {
        let count = try context.corpus.retire(context.settings().retention, now: context.clock().date)
        try reclaimPages()
        if count > 0 { context.logger.info("references retired", metadata: ["references": "\(count)"]) }
    }

    private mutating func recoverIfDue(_ summary: inout Summary) throws {
        let now = context.clock().uptime
        guard let due = recoveryDue, due <= now else { return }
        let findings = try SpoolRecovery(reader, finalizer).run(
            outbox, now: context.clock().date
        ) { context.heartbeat.beat() }
        claims.keep(findings.claimed)
        acknowledged.formUnion(findings.acknowledged)
        for shard in findings.committed { addFound(shard) }
        recoveryDue = findings.faults.isEmpty ? nil : now + Self.faultPause
        for (name, error) in findings.faults { reportFault(name, error, isFirst: due == 0) }
    }

    /// Rejects files whose names aren't UTF-8, and brings the others through the stages.
    private mutating func processFiles(_ summary: inout Summary, _ isStopping: () -> Bool) throws {
        let now = context.clock().uptime
        let scan = try SpoolScan(
            context.folders, claims: claims,
            isSkipped: { file in
                retries.isWaiting(file.relativePath, file.entry, now: now)
                    || file.isClaimed && outbox.contains(file.key)
            }, isSkippedName: { retries.isWaiting($0.retryKey, nil, now: now) })
        context.heartbeat.beat()
        context.status.backlog = scan.count
        if let fault = scan.fault {
            context.logger.error("shard waits", metadata: ["reason": "\(fault)"])
            summary.lookAgain(within: Self.faultPause)
        }
        for file in scan.unnamed where !isStopping() { try reject(file, &summary) }
        readiness.keep(scan.files)
        heldRoles = []
        var batch = Batch()
        for file in scan.files where !isStopping() {
            context.heartbeat.beat()
            do {
                guard let shard = try claim(file, &batch, &summary) else { continue }
                try read(shard, into: &batch, &summary)
            } catch let error as SystemError {
                // No other file can be claimed now. The shards that were already read are committed.
                try commit(&batch, &summary)
                throw error
            }
            if batch.isFull { try commit(&batch, &summary) }
        }
        try commit(&batch, &summary)
    }

    /// Claims a file if it is complete and no earlier shard of its name is unfinished.
    ///
    /// - Returns: the claimed shard; `nil` if the file can't be read now.
    private mutating func claim(
        _ file: SpoolFile, _ batch: inout Batch, _ summary: inout Summary
    ) throws -> ClaimedShard? {
        guard try isReady(file, &summary) else { return nil }
        let claimer = ShardClaimer(context.folders)
        if file.isClaimed { return try claimer.claimed(file, now: context.clock().date) }
        var isOccupied = try self.isOccupied(file.key)
        if isOccupied, !batch.isEmpty {
            // The earlier shard may be in the batch: after its commit it can be published.
            try commit(&batch, &summary)
            isOccupied = try self.isOccupied(file.key)
        }
        guard !isOccupied else { return nil }
        claims.add(file.key)
        switch try claimer.claim(file, now: context.clock().date) {
        case .claimed(let shard):
            readiness.noteClaimed(shard)
            return shard
        case .changing:
            readiness.forget(file.key, isClaimed: false)
            summary.lookAgain(within: Self.changePause)
            return nil
        case .gone:
            forget(file.key)
            return nil
        case .waiting(.earlierShard):
            return nil
        case .waiting(.fault(let error)):
            claims.remove([file.key])
            wait(file.relativePath, file.entry, file.key.name, error)
            if !file.entry.isRegularFile { tellThatItIsNoFile(file) }
            return nil
        case .waiting(.strandedSidecar(let error)):
            wait(file.relativePath, file.entry, file.key.name, error)
            recoveryDue = context.clock().uptime + Self.faultPause
            return nil
        }
    }

    private func isOccupied(_ key: ShardKey) throws -> Bool {
        try outbox.occupies(key) || ShardClaimer(context.folders).isOccupied(key)
    }

    private mutating func isReady(_ file: SpoolFile, _ summary: inout Summary) throws -> Bool {
        // The file that holds this one has set the time of the next look.
        guard file.isClaimed || !heldRoles.contains(file.key.role) else { return false }
        do {
            switch try readiness.verdict(on: file, now: context.clock()) {
            case .ready: return true
            case .waiting(let seconds, let holdsLater):
                summary.lookAgain(within: seconds)
                if holdsLater { heldRoles.insert(file.key.role) }
            case .rejected(let error, let movesSidecar): try reject(file, error, movesSidecar, &summary)
            }
            return false
        } catch let error as SystemError {
            reportFault(file.key.name, error, isFirst: true)
            summary.lookAgain(within: Self.faultPause)
            return false
        }
    }

    /// Reads a claimed shard into the batch.
    private mutating func read(
        _ shard: ClaimedShard, into batch: inout Batch, _ summary: inout Summary
    ) throws {
        var outcome = try reader.read(shard)
        switch outcome {
        // No other commit may happen between staging a shard and the commit that makes it visible.
        case .large(let large):
            try commit(&batch, &summary)
            outcome = try reader.stage(shard, large)
        case .withHeaps:
            try commit(&batch, &summary)
            outcome = try reader.readWithHeaps(shard)
        default: break
        }
        switch outcome {
        case .read(let shard): batch.append(shard)
        case .large, .withHeaps: preconditionFailure("the shard was staged, or read whole")
        case .committed(let receipt):
            addFound(DecidedShard(shard, .committed(receipt, unchanged: true)))
            try publish(&summary)
        case .rejected(let error):
            outbox.add(DecidedShard(shard, .rejected(error)))
            try publish(&summary)
        case .changing:
            readiness.forget(shard.key, isClaimed: true)
            summary.lookAgain(within: Self.changePause)
        case .unreadable(let error):
            reportFault(shard.key.name, error, isFirst: true)
            summary.lookAgain(within: Self.faultPause)
        case .gone:
            forget(shard.key)
            // Its sidecar may still be in processing/.
            recoveryDue = context.clock().uptime
        }
    }

    /// Forgets a file that is no longer in the spool.
    mutating func forget(_ key: ShardKey) {
        for isClaimed in [false, true] {
            readiness.forget(key, isClaimed: isClaimed)
            retries.remove(SpoolFile.relativePath(key, isClaimed: isClaimed))
        }
        claims.remove([key])
    }

    var reader: SpoolReader {
        let settings = context.settings()
        return SpoolReader(
            corpus: context.corpus, folders: context.folders, maximumBytes: settings.largestShard,
            maximumWholeBytes: settings.largestWholeShard, v2Elements: settings.v2Elements,
            minimumStagedBytes: context.minimumStagedBytes, heapCheckShare: settings.heapCheckShare)
    }

    var finalizer: ShardFinalizer {
        ShardFinalizer(context.folders, finishedShards: context.settings().finishedShards)
    }
}
