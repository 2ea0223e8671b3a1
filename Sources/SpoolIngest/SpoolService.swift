internal import Foundation
package import IncrementalBias
package import Logging
package import Observability
internal import PosixSupport
internal import ServiceLifecycle
internal import SpoolProtocol
internal import Synchronization

/// Watches the spool and takes shards in, one commit after the other, on a thread of its own.
package final class SpoolService: Service {
    private let corpus: Corpus
    private let folders: SpoolFolders
    private let settings: @Sendable () -> IngestSettings
    private let status: SpoolStatus
    private let metrics: DaemonMetrics
    private let heartbeat: Heartbeat
    private let returnFreedMemory: @Sendable () -> Void
    private let logger: Logger
    private let watch: Mutex<SpoolWatch>
    private let lock: SpoolLock
    private let stopping = Atomic<Bool>(false)

    /// One commit takes at most this many shards, and stops collecting at so many bytes.
    private static let shardsPerCommit = 256
    private static let bytesPerCommit = 64 << 20
    /// How long to wait before trying again when the disk is full, or the spool can't be read.
    private static let pauseAfterTrouble = 5.0
    /// How long to wait for a file that changes while it is read.
    private static let pauseForChange = 0.1

    /// Makes the spool's folders where they are missing, and begins to watch them.
    ///
    /// - Parameters:
    ///   - heartbeat: shows that the work goes on.
    ///   - returnFreedMemory: returns memory that commits have freed to the system; called after ten seconds without shards.
    package init(
        corpus: Corpus, root: String, settings: @escaping @Sendable () -> IngestSettings, status: SpoolStatus,
        metrics: DaemonMetrics, heartbeat: Heartbeat, returnFreedMemory: @escaping @Sendable () -> Void,
        logger: Logger
    ) throws {
        self.corpus = corpus
        self.settings = settings
        self.status = status
        self.metrics = metrics
        self.heartbeat = heartbeat
        self.returnFreedMemory = returnFreedMemory
        self.logger = logger
        folders = SpoolFolders(root: root)
        try folders.make()
        lock = try SpoolLock(folders)
        watch = Mutex(try SpoolWatch(folders))
    }

    /// Works until a graceful shutdown; a commit under way is then undone, and its shards wait for the next start.
    ///
    /// - Throws: the error that makes going on pointless.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { continuation in
                NamedThread.start("spool") { continuation.resume(with: Result { try self.work() }) }
            }
        } onGracefulShutdown: {
            self.stopping.store(true, ordering: .releasing)
            self.corpus.interruptIngest()
            self.watch.withLock { $0 }.wake()
        }
    }

    /// Looks into the spool soon, with the settings as they are then.
    package func look() {
        watch.withLock { $0 }.wake()
    }

    private func work() throws {
        var intake = IngestPipeline(
            corpus: corpus, folders: folders, settings: settings, status: status, metrics: metrics,
            heartbeat: heartbeat,
            logger: logger)
        var readiness = Readiness(folders, quietSeconds: settings().quietSeconds)
        var mustHeal = true
        var healed = ContinuousClock.now
        var watchLost = false
        var freed = FreedMemory()
        while !stopping.load(ordering: .acquiring) {
            do {
                if mustHeal || intake.mustHeal && healed.duration(to: .now) > .seconds(Self.pauseAfterTrouble) {
                    try intake.heal()
                    (mustHeal, healed) = (false, .now)
                }
                let wait = try takeWaiting(&intake, &readiness)
                try intake.retire()
                heartbeat.beat()
                guard wait > 0 else {
                    freed.beginAnew()
                    continue
                }
                let longest = min(freed.giveBack(returnFreedMemory), settings().retirementInterval)
                try listen(
                    seconds: min(wait, watchLost ? Self.pauseAfterTrouble : longest), &readiness, &watchLost)
            } catch is CancellationError {
                return
            } catch let error where error.isRetryable {
                logger.error("shards wait", metadata: ["reason": "\(error)"])
                metrics.spoolTrouble()
                mustHeal = true
                pause(&readiness, &watchLost)
            }
        }
    }

    /// Waits a while, or until something happens; that the spool can't be watched either is no reason to end.
    private func pause(_ readiness: inout Readiness, _ watchLost: inout Bool) {
        do {
            try listen(seconds: Self.pauseAfterTrouble, &readiness, &watchLost)
        } catch {
            logger.error("the spool can't be watched", metadata: ["reason": "\(error)"])
        }
    }

    /// Looks into the spool and takes in what is ready.
    ///
    /// - Returns: how long to wait before the next look; 0 if there may be more to do.
    private func takeWaiting(_ intake: inout IngestPipeline, _ readiness: inout Readiness) throws -> Double {
        let current = settings()
        readiness.quietSeconds = current.quietSeconds
        try folders.make()
        let scan = try intake.look()
        heartbeat.beat()
        var left = 0
        func leave(_ error: SystemError) {
            left += 1
            logger.error("shard waits", metadata: ["reason": "\(error)"])
        }
        if let trouble = scan.trouble { leave(trouble) }
        var took = 0
        for (kind, name) in scan.unnameable where !stopping.load(ordering: .acquiring) {
            if try intake.refuse(name, kind) { took += 1 }
        }
        status.backlog = scan.count
        readiness.keep(scan.oldest)
        var wait = current.rescanSeconds
        var batch: [WaitingFile] = []
        var bytes = 0
        func takeBatch() throws {
            try intake.take(batch)
            left += intake.left
            if intake.isChanging { wait = min(wait, Self.pauseForChange) }
            for file in batch { readiness.forget(file) }
            took += batch.count - intake.left
            status.backlog -= batch.count - intake.left
            (batch, bytes) = ([], 0)
        }
        for file in scan.oldest where !stopping.load(ordering: .acquiring) {
            do {
                let delay = try readiness.delay(file)
                guard delay <= 0 else {
                    wait = min(wait, delay)
                    continue
                }
            } catch let error as SystemError {
                leave(error)
                continue
            }
            batch.append(file)
            bytes += file.entry.size
            if batch.count == Self.shardsPerCommit || bytes >= Self.bytesPerCommit { try takeBatch() }
        }
        if !batch.isEmpty { try takeBatch() }
        if took > 0 { return 0 }
        if left > 0 || intake.mustHeal { wait = min(wait, Self.pauseAfterTrouble) }
        return min(wait, intake.stuckDelay ?? wait)
    }

    /// Waits for news from the spool.
    ///
    /// - Parameter watchLost: whether a watched folder is gone; stays so until the folders can be watched again.
    private func listen(seconds: Double, _ readiness: inout Readiness, _ watchLost: inout Bool) throws {
        heartbeat.beginWait(seconds: seconds)
        let news = watch.withLock { $0 }.wait(seconds: seconds)
        heartbeat.endWait()
        if news.folderLost { watchLost = true }
        readiness.noteRenamed(news.renamed)
        if watchLost, !stopping.load(ordering: .acquiring) {
            logger.warning("a folder of the spool went away; making it again", metadata: ["spool": "\(folders.root)"])
            try folders.make()
            let fresh = try SpoolWatch(folders)
            watch.withLock { $0 = fresh }
            watchLost = false
        }
    }
}

/// Memory that large commits have freed: kept for the next one while shards stream in, as pages that are touched for the
/// first time cost more than the work on them, and given back to the system once nothing has come for a while.
private struct FreedMemory {
    private var due: ContinuousClock.Instant?
    private static let kept = Duration.seconds(10)

    /// A commit has freed some.
    mutating func beginAnew() { due = .now + Self.kept }

    /// Gives it back if it is time.
    ///
    /// - Returns: in how many seconds it will be; infinity where there is nothing to give.
    mutating func giveBack(_ returnFreedMemory: () -> Void) -> Double {
        guard let due else { return .infinity }
        if due > .now { return (due - .now) / .seconds(1) }
        returnFreedMemory()
        self.due = nil
        return .infinity
    }
}

extension Error {
    /// Whether trying again later makes sense: a full disk, say.
    ///
    /// Whatever is wrong with the spool is no reason to end: what is in the store can be searched all the same, and
    /// nothing is lost by waiting.
    fileprivate var isRetryable: Bool {
        self is SystemError || (self as? any StoreFailure)?.isRetryable ?? false
    }
}
