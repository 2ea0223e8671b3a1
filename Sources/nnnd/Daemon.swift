import DaemonSupport
import FoundationEssentials
import HTTPServer
import IncrementalBias
import Logging
import NIOPosix
import Observability
import PosixSupport
import ServiceLifecycle
import SpoolIngest
import UnixSignals
import WireAPI

/// The daemon, put together from its parts: the corpus, the spool, the HTTP API and the services for systemd.
struct Daemon {
    private let environment: [String: String]
    private let settings: DaemonSettings
    private let read: @Sendable () throws -> DaemonSettings
    private let live: LiveSettings
    private let threshold: LogThreshold
    private let logger: Logger
    private let started = Date()
    private let metrics = DaemonMetrics()
    private let loops = DaemonLoops()
    private let changes = ChangeSignal()
    private let spoolStatus: SpoolStatus

    /// - Parameters:
    ///   - environment: the environment of the process, where systemd describes what it expects.
    ///   - settings: the settings at the start.
    ///   - read: reads the settings again.
    init(
        environment: [String: String], settings: DaemonSettings, read: @escaping @Sendable () throws -> DaemonSettings
    ) {
        self.environment = environment
        self.settings = settings
        self.read = read
        live = LiveSettings(settings)
        threshold = LogThreshold(settings.logLevel)
        logger = Logger.standard(threshold, environment)
        spoolStatus = SpoolStatus(changes: changes)
    }

    /// Runs until the process is told to stop.
    ///
    /// - Parameter inherited: the listening socket that systemd passes, if it does.
    /// - Throws: ``StartupError`` where the daemon can't start or can't go on.
    func run(inherited: ListeningSocket?) async throws {
        // From here on a SIGHUP asks for a reload, and waits until the daemon is ready for it.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let manager = try system { try NotifySocket(environment: environment) }
        let timeExtension = TimeExtension(socket: manager, loops: loops)
        manager.send("STATUS=Opening the store in \(settings.data).")
        // Another k computes all means again, which can take long.
        let corpus = try await timeExtension.whileRunning {
            try await NIOThreadPool.singleton.runIfActive { try openCorpus() }
        }
        let spool = try system {
            try SpoolService(
                corpus: corpus, root: settings.spool, settings: { [live] in live.now.ingest }, status: spoolStatus,
                metrics: metrics, heartbeat: loops.ingest, returnFreedMemory: AllocatorPolicy.returnFreedMemory,
                logger: logger)
        }
        let queue = SearchQueue(corpus)
        loops.monitor(queue)
        let http = try http(corpus, queue, inherited, manager)
        let reload = ReloadService(
            hangups: hangups, read: read, live: live, isActivated: inherited != nil, socket: manager, metrics: metrics,
            applied: { [live, threshold] in
                threshold.now = live.now.logLevel
                spool.look()
            }, logger: logger)
        let status = StatusService(
            socket: manager, corpus: corpus, spoolStatus: spoolStatus, changes: changes, timeExtension: timeExtension)
        let watchdog = WatchdogService(
            environment: environment, socket: manager, loops: loops, changes: changes, logger: logger)
        // Services stop in reverse order: the status reports the stop, then ingestion ends, then HTTP. The watchdog
        // checks the loops until the end.
        let watchdogs: [any Service] = watchdog.map { [$0] } ?? []
        try await run(watchdogs + [http, spool, reload, status])
        queue.close()
        try? await NIOThreadPool.singleton.runIfActive { try corpus.storeCommitTimes() }
        logger.info("nnnd stopped")
    }

    private func run(_ services: [any Service]) async throws {
        // What the service group logs about itself is of no use to operators.
        var quiet = logger
        quiet.logLevel = .warning
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet))
        do {
            try await group.run()
        } catch let error as any StoreFailure {
            throw StartupError(ending: error, folder: settings.data)
        } catch let error as StoreError {
            throw StartupError(error, folder: settings.data)
        }
    }

    private func http(
        _ corpus: Corpus, _ queue: SearchQueue, _ inherited: ListeningSocket?, _ manager: NotifySocket
    ) throws -> any Service {
        let socket = try system { try inherited ?? ListeningSocket(path: settings.socket, mode: settings.socketMode) }
        let api = API(
            corpus: corpus, queue: queue, settings: { [live] in live.now.api }, spoolStatus: spoolStatus,
            metrics: metrics, started: started)
        return HTTPService(
            socket: socket, responder: api.responder(), maximumConnections: Descriptors.raiseLimit(), logger: logger,
            timeout: { [live] in live.now.clientTimeout }
        ) {
            logReady(socket, try? corpus.state())
            manager.send("READY=1")
            changes.signal()
        }
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
        try StartupError.forStore(in: settings.data, done: "opened") {
            try FileSystem.makeFolder(settings.data, mode: 0o700)
            StoreDamageSignal.install(folder: settings.data)
            return try Corpus(
                folder: settings.data, settings: settings.store, k: settings.k, threads: settings.threads,
                observer: DaemonObserver(loops: loops, metrics: metrics, changes: changes))
        }
    }

    /// Runs a part of the start that calls the system.
    private func system<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SystemError {
            throw StartupError("\(error)", .system)
        }
    }
}
