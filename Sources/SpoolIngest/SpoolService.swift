package import IncrementalBias
package import Logging
package import Observability
internal import PosixSupport
internal import ServiceLifecycle
internal import SpoolProtocol
internal import Synchronization

/// Watches the spool and runs the pipeline, on the thread `spool`.
package final class SpoolService: Service {
    private let context: IngestContext
    private let returnFreedMemory: @Sendable () -> Void
    private let watch: Mutex<SpoolWatch>
    private let lock: SpoolLock
    private let stopping = Atomic<Bool>(false)
    private let changes = CorpusChangeQueue()

    /// Creates missing folders of the spool, locks the spool, and begins to watch it.
    ///
    /// - Parameters:
    ///   - corpus: the corpus that shards are added to.
    ///   - root: the folder of the spool.
    ///   - settings: returns the current settings.
    ///   - status: receives the number of waiting files, and rejections.
    ///   - metrics: receives counts of shards, commits and errors.
    ///   - heartbeat: receives a beat for each file, and the length of each wait, so that the watchdog sees progress.
    ///   - returnFreedMemory: returns memory that commits have freed to the system. It is called on the thread `spool`,
    ///     ten seconds after the last commit.
    ///   - logger: receives a line for each shard.
    /// - Throws: ``StartupError`` if another process uses the spool; ``SystemError``.
    package init(
        corpus: Corpus, root: String, settings: @escaping @Sendable () -> IngestSettings, status: SpoolStatus,
        metrics: DaemonMetrics, heartbeat: Heartbeat, returnFreedMemory: @escaping @Sendable () -> Void,
        logger: Logger
    ) throws {
        self.returnFreedMemory = returnFreedMemory
        let folders = SpoolFolders(root: root)
        context = IngestContext(
            corpus: corpus, folders: folders, settings: settings, status: status, metrics: metrics,
            heartbeat: heartbeat, logger: logger)
        try folders.make()
        lock = try SpoolLock(folders)
        watch = Mutex(try SpoolWatch(folders))
    }

    /// Runs until a graceful shutdown.
    ///
    /// A commit that still computes is then undone; its shards wait for the next start.
    ///
    /// - Throws: an error after which ingestion cannot continue, for example of the store.
    package func run() async throws {
        try await withGracefulShutdownHandler {
            try await withCheckedThrowingContinuation { continuation in
                NamedThread.start("spool") { continuation.resume(with: Result { try self.work() }) }
            }
        } onGracefulShutdown: {
            self.stopping.store(true, ordering: .releasing)
            self.context.corpus.interruptIngest()
            self.watch.withLock { $0 }.wake()
        }
    }

    /// Looks into the spool soon, with the settings as they are then.
    package func rescanSoon() {
        watch.withLock { $0 }.wake()
    }

    /// Changes the corpus on the thread that ingests, between two passes over the spool.
    ///
    /// - Returns: the value that `body` returns.
    /// - Throws: the error of `body`; `CancellationError` if the service stops before.
    package func change<R: Sendable>(_ body: @escaping @Sendable (Corpus) throws -> R) async throws -> R {
        try await changes.change(body) { rescanSoon() }
    }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }

    private func work() throws {
        var pipeline = IngestPipeline(context)
        var watchLost = false
        var freed = FreedMemory()
        defer { changes.close() }
        while !isStopping {
            changes.run(on: context.corpus)
            do {
                let summary = try pipeline.runOnce { self.isStopping }
                try pipeline.retire()
                context.heartbeat.beat()
                guard summary.wait > 0 else {
                    freed.restart()
                    continue
                }
                let longest = min(freed.returnIfDue(returnFreedMemory), context.settings().retirementInterval)
                let wait = min(summary.wait, watchLost ? IngestPipeline.faultPause : longest)
                try listen(seconds: wait, &pipeline, &watchLost)
            } catch is CancellationError {
                return
            } catch let error where error.isRetryable {
                context.logger.error("shards wait", metadata: ["reason": "\(error)"])
                context.metrics.spoolError()
                pause(&pipeline, &watchLost)
            }
        }
    }

    /// Waits ``IngestPipeline/faultPause`` seconds or until an event.
    ///
    /// If the spool can't be watched, logs the reason.
    private func pause(_ pipeline: inout IngestPipeline, _ watchLost: inout Bool) {
        do {
            try listen(seconds: IngestPipeline.faultPause, &pipeline, &watchLost)
        } catch {
            context.logger.error("the spool can't be watched", metadata: ["reason": "\(error)"])
        }
    }

    /// Waits for an event in the spool.
    ///
    /// - Parameters:
    ///   - seconds: the maximum time to wait.
    ///   - pipeline: is told which files were renamed into the spool.
    ///   - watchLost: whether a watched folder was deleted or moved. It stays true until all folders are watched again.
    private func listen(seconds: Double, _ pipeline: inout IngestPipeline, _ watchLost: inout Bool) throws {
        context.heartbeat.beginWait(seconds: seconds)
        let events = watch.withLock { $0 }.wait(seconds: seconds)
        context.heartbeat.endWait()
        if events.folderLost { watchLost = true }
        pipeline.noteRenamed(events.renamed)
        if watchLost, !isStopping {
            context.logger.warning(
                "a folder of the spool was deleted or moved; creating it again",
                metadata: ["spool": "\(context.folders.root)"])
            try context.folders.make()
            let fresh = try SpoolWatch(context.folders)
            watch.withLock { $0 = fresh }
            watchLost = false
        }
    }
}
