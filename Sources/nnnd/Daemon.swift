import DaemonSupport
import Evaluation
import FoundationEssentials
import HTTPServer
import IncrementalBias
import Logging
import NIOPosix
import Observability
import PosixSupport
import QuerySampling
import ServiceLifecycle
import SpoolIngest
import UnixSignals
import WireAPI

/// The daemon: creates all parts (corpus, spool, HTTP API, services for systemd) and runs them.
struct Daemon {
    private let environment: [String: String]
    private let settings: DaemonSettings
    private let readSettings: @Sendable () throws -> DaemonSettings
    private let live: LiveSettings
    private let logThreshold: LogThreshold
    private let logger: Logger
    private let started = Date()
    private let metrics = DaemonMetrics()
    private let heartbeats = LoopHeartbeats()
    /// Is signalled when the status line for systemd must be sent again.
    private let changes = ChangeSignal()
    private let spoolStatus: SpoolStatus

    /// - Parameters:
    ///   - environment: the environment of the process; systemd sets `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
    ///     `JOURNAL_STREAM` in it.
    ///   - settings: the settings at the start.
    ///   - readSettings: reads the settings again; called at each reload.
    init(
        environment: [String: String], settings: DaemonSettings,
        readSettings: @escaping @Sendable () throws -> DaemonSettings
    ) {
        self.environment = environment
        self.settings = settings
        self.readSettings = readSettings
        live = LiveSettings(settings)
        logThreshold = LogThreshold(settings.logLevel)
        logger = Logger.standard(logThreshold, environment)
        spoolStatus = SpoolStatus(changes: changes)
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Parameter inherited: the listening socket that systemd passed; `nil` if nnnd must create its own.
    /// - Throws: ``StartupError`` if the daemon can't start, or if a failure of the store ends it; other errors of the
    ///   services as they are.
    func run(inherited: ListeningSocket?) async throws {
        // Trapped before the daemon is ready: a SIGHUP during the start must not end the process, and is handled later.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let notifySocket = try mappingSystemErrors { try NotifySocket(environment: environment) }
        let timeExtension = TimeExtension(notifySocket: notifySocket, heartbeats: heartbeats)
        notifySocket.send("STATUS=Opening the store in \(settings.data).")
        // If k differs from that of the stored means, all means are recomputed, which can take long.
        let corpus = try await timeExtension.whileRunning {
            try await NIOThreadPool.singleton.runIfActive { try openCorpus() }
        }
        let readSettings = { @Sendable [readSettings] in
            var settings = try readSettings()
            settings.useDefaults(try corpus.appliedSettings())
            return settings
        }
        _ = live.apply(try readSettings())
        let spool = try makeSpoolService(corpus)
        let queue = SearchQueue(corpus)
        heartbeats.monitor(queue)
        let sampler = QuerySampler(
            corpus: corpus, spool: settings.spool, settings: { [live] in live.current.sampling }, metrics: metrics,
            logger: logger)
        let recall = makeRecallMaintenance(corpus)
        let cells = makeCellMaintenance(corpus, spool)
        let monitor = makeReferenceMatchMonitor(corpus)
        let http = try makeHTTPService(
            corpus: corpus, queue: queue, spool: spool, sampler: sampler, monitor: monitor, inherited: inherited,
            notifySocket: notifySocket)
        let reload = makeReloadService(
            corpus: corpus, spool: spool, hangups: hangups, readSettings: readSettings,
            isSocketActivated: inherited != nil, notifySocket: notifySocket)
        let status = StatusService(
            notifySocket: notifySocket, corpus: corpus, spoolStatus: spoolStatus, changes: changes,
            timeExtension: timeExtension)
        let watchdog = WatchdogService(
            environment: environment, notifySocket: notifySocket, heartbeats: heartbeats, changes: changes,
            logger: logger)
        // Services stop in reverse order: first `status` sends STOPPING=1, then reloads, ingestion and HTTP end. The
        // watchdog, if there is one, checks the loops until the end.
        let optionalWatchdog: [any Service] = watchdog.map { [$0] } ?? []
        try await run(optionalWatchdog + [http, spool, sampler, reload, status])
        recall.stop()
        cells.stop()
        monitor.stop()
        queue.close()
        // A failure is ignored: the receipts of the last commits then lack only their durations.
        try? await NIOThreadPool.singleton.runIfActive { try corpus.storeCommitDurations() }
        logger.info("nnnd stopped")
    }

    private func run(_ services: [any Service]) async throws {
        // The service group's own messages below warnings are of no use to operators.
        var quiet = logger
        quiet.logLevel = .warning
        // After a failure too the services end in order: a connection that is accepted while its task is cancelled would
        // end the process (SwiftNIO).
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet))
        do {
            try await group.run()
        } catch let error as any StoreFailure {
            // An error of LMDB, for example in a commit, after which ingestion can't go on.
            throw StartupError(failedCommit: error, folder: settings.data)
        } catch let error as StoreError {
            // The content of the store contradicts itself.
            throw StartupError(error, folder: settings.data)
        }
    }

    private func makeSpoolService(_ corpus: Corpus) throws -> SpoolService {
        try mappingSystemErrors {
            try SpoolService(
                corpus: corpus, root: settings.spool, settings: { [live] in live.current.ingest }, status: spoolStatus,
                metrics: metrics, heartbeat: heartbeats.ingest, returnFreedMemory: AllocatorPolicy.returnFreedMemory,
                logger: logger)
        }
    }

    private func makeRecallMaintenance(_ corpus: Corpus) -> RecallMaintenance {
        RecallMaintenance(
            corpus,
            adjusted: { [logger] change in
                logger.notice(
                    change.isRaised
                        ? "the measured recall is below the target; searches score more rows exactly from now on"
                        : "the measured recall is above the target; searches score fewer rows exactly from now on",
                    metadata: [
                        "alpha": "\(change.alpha)", "target": "\(change.measured.target)",
                        "recall": "\(change.measured.recall)", "factor": "\(change.factor)",
                    ])
            },
            failed: { [logger] error in
                logger.warning("the recall of searches could not be measured", metadata: ["error": "\(error)"])
            })
    }

    private func makeCellMaintenance(_ corpus: Corpus, _ spool: SpoolService) -> CellMaintenance {
        CellMaintenance(corpus, trained: spool.rescanSoon) { [logger] error in
            logger.warning("cells could not be trained", metadata: ["error": "\(error)"])
        }
    }

    private func makeReferenceMatchMonitor(_ corpus: Corpus) -> ReferenceMatchMonitor {
        ReferenceMatchMonitor(corpus, alpha: { [live] in live.current.api.alpha }) { [logger] error in
            logger.warning("the match of references and queries can't be measured", metadata: ["error": "\(error)"])
        }
    }

    private func makeReloadService(
        corpus: Corpus, spool: SpoolService, hangups: UnixSignalsSequence,
        readSettings: @escaping @Sendable () throws -> DaemonSettings, isSocketActivated: Bool,
        notifySocket: NotifySocket
    ) -> ReloadService {
        ReloadService(
            hangups: hangups, readSettings: readSettings, live: live, isSocketActivated: isSocketActivated,
            notifySocket: notifySocket, metrics: metrics,
            prepare: { [live, folder = settings.data] wanted in
                let limits = live.current.changeLog == wanted.changeLog ? nil : wanted.changeLog
                // Otherwise a reload would wait for a large shard that is being ingested.
                guard try corpus.state().k != wanted.k || limits != nil else { return }
                try await spool.change { corpus in
                    try StartupError.mappingStoreErrors(in: folder, failure: "can't be changed") {
                        try corpus.setK(wanted.k)
                        if let limits { try corpus.setChangeLogLimits(limits) }
                    }
                }
            },
            applied: { [live, logThreshold] in
                logThreshold.level = live.current.logLevel
                spool.rescanSoon()
            }, logger: logger)
    }

    private func makeHTTPService(
        corpus: Corpus, queue: SearchQueue, spool: SpoolService, sampler: QuerySampler,
        monitor: ReferenceMatchMonitor, inherited: ListeningSocket?, notifySocket: NotifySocket
    ) throws -> any Service {
        let socket = try mappingSystemErrors {
            try inherited ?? ListeningSocket(path: settings.socket, mode: settings.socketMode)
        }
        let api = API(
            corpus: corpus, queue: queue, settings: { [live] in live.current.api },
            applySettings: { [live] in try await apply($0, live, spool) }, spoolStatus: spoolStatus,
            metrics: metrics, started: started, sampler: sampler, monitor: monitor)
        let maximumConnections = Descriptors.raiseLimitForConnections()
        return HTTPService(
            socket: socket, responder: api.responder(), maximumConnections: maximumConnections, logger: logger,
            timeout: { [live] in live.current.clientTimeout },
            ready: {
                logReady(socket, try? corpus.state())
                notifySocket.send("READY=1")
                // Replaces the status "Opening the store".
                changes.signal()
            })
    }

    /// Applies settings that a client has set: first to the store, then to later searches.
    private func apply(_ applied: AppliedSettings, _ live: LiveSettings, _ spool: SpoolService) async throws {
        let kept = live.current.notSet(applied)
        try await spool.change { corpus in
            try corpus.setK(applied.k ?? corpus.state().k, keeping: kept)
        }
        live.apply(applied)
        logger.notice(
            "settings changed by a client",
            metadata: [
                "k": applied.k.map { "\($0)" }, "alpha": applied.alpha.map { "\($0)" },
            ].compactMapValues { $0 })
    }

    private func logReady(_ socket: ListeningSocket, _ state: StoreState?) {
        var fields: Logger.Metadata = [
            "spool": "\(settings.spool)", "data": "\(settings.data)",
            "socket-from": socket.isInherited ? "systemd" : "nnnd",
        ]
        if let state {
            fields["images"] = "\(state.images.count)"
            fields["references"] = "\(state.references.count)"
            fields["generation"] = "\(state.generation)"
        }
        logger.info("nnnd \(Version.current) answers on \(socket.path)", metadata: fields)
    }

    private func openCorpus() throws -> Corpus {
        try StartupError.mappingStoreErrors(in: settings.data, failure: "can't be opened") {
            try FileSystem.makeFolder(settings.data, mode: 0o700)
            StoreDamageHandler.install(folder: settings.data)
            return try Corpus(
                folder: settings.data, settings: settings.store, k: settings.requestedK, threads: settings.threads,
                mapSize: settings.mapSize,
                cellLimits: CellLimits(minimumImages: settings.cellsFrom > 0 ? settings.cellsFrom : nil),
                changeLogLimits: settings.changeLog,
                observer: DaemonObserver(heartbeats: heartbeats, metrics: metrics, changes: changes))
        }
    }

    /// Runs a step of the start and turns a `SystemError` into a `StartupError`.
    private func mappingSystemErrors<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SystemError {
            throw StartupError("\(error)", .system)
        }
    }
}
