package import IncrementalBias
package import Logging
package import Observability
internal import PosixSupport
internal import ServiceLifecycle
internal import SpoolProtocol
internal import Synchronization

/// Watches the spool and runs the pipeline, on a thread of its own.
package final class SpoolService: Service {
    private let context: IngestContext
    private let returnFreedMemory: @Sendable () -> Void
    private let watch: Mutex<SpoolWatch>
    private let lock: SpoolLock
    private let stopping = Atomic<Bool>(false)

    /// Makes the spool's folders where they are missing, and begins to watch them.
    ///
    /// - Parameters:
    ///   - corpus: where shards go.
    ///   - root: the folder of the spool.
    ///   - settings: the settings as they are when it is called.
    ///   - status: gets the number of waiting files, and rejections.
    ///   - metrics: counts what happens.
    ///   - heartbeat: shows that the work goes on.
    ///   - returnFreedMemory: returns memory that commits have freed to the system; called after ten seconds without shards.
    ///   - logger: gets a line for each shard.
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
            self.context.corpus.interruptIngest()
            self.watch.withLock { $0 }.wake()
        }
    }

    /// Looks into the spool soon, with the settings as they are then.
    package func look() {
        watch.withLock { $0 }.wake()
    }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }

    private func work() throws {
        var pipeline = IngestPipeline(context)
        var watchLost = false
        var freed = FreedMemory()
        while !isStopping {
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

    /// Waits a while, or until something happens; that the spool can't be watched either is no reason to end.
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
    ///   - seconds: the most seconds to wait.
    ///   - pipeline: is told which files were renamed into the spool.
    ///   - watchLost: whether a watched folder is gone; stays so until the folders can be watched again.
    private func listen(seconds: Double, _ pipeline: inout IngestPipeline, _ watchLost: inout Bool) throws {
        context.heartbeat.beginWait(seconds: seconds)
        let events = watch.withLock { $0 }.wait(seconds: seconds)
        context.heartbeat.endWait()
        if events.folderLost { watchLost = true }
        pipeline.noteRenamed(events.renamed)
        if watchLost, !isStopping {
            context.logger.warning(
                "a folder of the spool went away; making it again", metadata: ["spool": "\(context.folders.root)"])
            try context.folders.make()
            let fresh = try SpoolWatch(context.folders)
            watch.withLock { $0 = fresh }
            watchLost = false
        }
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
