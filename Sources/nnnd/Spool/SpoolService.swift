import Foundation
import IncrementalBias
import Logging
import ServiceLifecycle
import Synchronization

/// Watches the spool and takes shards in, one commit after the other, on a thread of its own.
final class SpoolService: Service {
    private let corpus: Corpus
    private let folders: SpoolFolders
    private let settings: LiveSettings
    private let journal: SpoolJournal
    private let metrics: DaemonMetrics
    private let pulse: LoopPulse
    private let logger: Logger
    private let watch: Mutex<SpoolWatch>
    private let lock: SpoolLock
    private let stopping = Atomic<Bool>(false)

    /// One commit takes at most this many shards, and stops collecting at so many bytes.
    private static let shardsPerCommit = 256
    private static let bytesPerCommit = 64 << 20
    /// How long to wait before trying again when the disk is full.
    private static let pauseAfterTrouble = 5.0

    /// Makes the spool's folders where they are missing, and begins to watch them.
    ///
    /// - Parameter pulse: shows that the work goes on.
    init(
        corpus: Corpus, settings: LiveSettings, journal: SpoolJournal, metrics: DaemonMetrics, pulse: LoopPulse,
        logger: Logger
    ) throws {
        self.corpus = corpus
        self.settings = settings
        self.journal = journal
        self.metrics = metrics
        self.pulse = pulse
        self.logger = logger
        folders = SpoolFolders(root: settings.now.spool)
        try folders.make()
        lock = try SpoolLock(folders)
        watch = Mutex(try SpoolWatch(folders))
    }

    /// Works until a graceful shutdown; a commit under way is then undone, and its shards wait for the next start.
    ///
    /// - Throws: the error that makes going on pointless.
    func run() async throws {
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
    func look() {
        watch.withLock { $0 }.wake()
    }

    private func work() throws {
        var intake = Intake(
            corpus: corpus, folders: folders, settings: settings, journal: journal, metrics: metrics, pulse: pulse,
            logger: logger)
        var readiness = Readiness(folders, quietSeconds: settings.now.quiet)
        var mustHeal = true
        while !stopping.load(ordering: .acquiring) {
            do {
                if mustHeal { try intake.heal() }
                mustHeal = false
                let wait = try takeWaiting(&intake, &readiness)
                try intake.retire()
                pulse.beat()
                guard wait > 0 else { continue }
                corpus.returnFreedMemory()
                try listen(seconds: min(wait, settings.now.retirementInterval), &readiness)
            } catch is CancellationError {
                return
            } catch let error where error.isTemporary {
                logger.error("shards wait", metadata: ["reason": "\(error)"])
                metrics.spoolTrouble()
                mustHeal = true
                try listen(seconds: Self.pauseAfterTrouble, &readiness)
            }
        }
    }

    /// Looks into the spool and takes in what is ready.
    ///
    /// - Returns: how long to wait before the next look; 0 if there may be more to do.
    private func takeWaiting(_ intake: inout Intake, _ readiness: inout Readiness) throws -> Double {
        let settings = settings.now
        readiness.quietSeconds = settings.quiet
        try folders.make()
        let scan = try SpoolScan(folders)
        pulse.beat()
        try intake.refuse(scan.unnameable)
        journal.backlog = scan.count
        var wait = settings.rescan
        var batch: [WaitingFile] = []
        var bytes = 0
        var took = false
        func takeBatch() throws {
            try intake.take(batch)
            for file in batch { readiness.forget(file) }
            journal.backlog -= batch.count
            (batch, bytes, took) = ([], 0, true)
        }
        for file in scan.oldest where !stopping.load(ordering: .acquiring) {
            let delay = try readiness.delay(file)
            if delay > 0 {
                wait = min(wait, delay)
                continue
            }
            batch.append(file)
            bytes += file.entry.size
            if batch.count == Self.shardsPerCommit || bytes >= Self.bytesPerCommit { try takeBatch() }
        }
        if !batch.isEmpty { try takeBatch() }
        return took ? 0 : wait
    }

    /// Waits for news from the spool.
    private func listen(seconds: Double, _ readiness: inout Readiness) throws {
        pulse.rest(seconds: seconds)
        let news = watch.withLock { $0 }.wait(seconds: seconds)
        pulse.wake()
        try readiness.noteRenamed(news.renamed)
        if news.folderLost, !stopping.load(ordering: .acquiring) {
            logger.warning("a folder of the spool went away; making it again", metadata: ["spool": "\(folders.root)"])
            try folders.make()
            let fresh = try SpoolWatch(folders)
            watch.withLock { $0 = fresh }
        }
    }
}

extension Error {
    /// Whether trying again later makes sense: a full disk, say.
    fileprivate var isTemporary: Bool {
        if let error = self as? SystemError {
            return [ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EROFS, ENOENT].contains(error.number)
        }
        return (self as? any StoreTrouble)?.isTemporary ?? false
    }
}
