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

/// The daemon put together: the corpus, the spool that feeds it, the socket that asks it, the manager that runs it.
enum Daemon {
    /// Runs until told to stop.
    ///
    /// - Parameters:
    ///   - settings: those of the start.
    ///   - inherited: the socket that systemd handed over, if it did.
    ///   - environment: the process' environment, where systemd says what it wants to hear.
    ///   - read: reads the settings anew.
    /// - Throws: ``StartupError`` when it can't start, or can't go on.
    static func run(
        _ settings: ServeSettings, inherited: ListeningSocket?, environment: [String: String],
        read: @escaping @Sendable () throws -> ServeSettings
    ) async throws {
        let started = Date()
        let threshold = LineLogHandler.Threshold(settings.logLevel)
        let handler = LineLogHandler(threshold: threshold, isJournal: LogOutput.isJournal(environment))
        let logger = Logger(label: "nnnd", factory: { _ in handler })
        let live = LiveSettings(settings)
        let metrics = DaemonMetrics()
        let loops = DaemonLoops()
        let changes = ChangeSignal()
        let spoolStatus = SpoolStatus(changes: changes)
        // From here on a SIGHUP is a wish to reload, and waits until the daemon can.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let notify = try system { try NotifySocket(environment: environment) }
        let moreTime = TimeExtension(socket: notify, loops: loops)
        let observer = DaemonObserver(loops: loops, metrics: metrics, changes: changes)
        notify.tell("STATUS=Opening the store in \(settings.data).")
        // Another k takes all means anew, which can take long.
        let corpus = try await moreTime.whileRunning {
            try await NIOThreadPool.singleton.runIfActive { try openCorpus(settings, observer) }
        }
        let spool = try system {
            try SpoolService(
                corpus: corpus, root: settings.spool, settings: { live.now.ingest }, status: spoolStatus,
                metrics: metrics,
                heartbeat: loops.ingest, returnFreedMemory: AllocatorPolicy.returnFreedMemory, logger: logger)
        }
        let socket = try system {
            try inherited ?? ListeningSocket(path: settings.socket, mode: settings.socketMode)
        }
        let queue = SearchQueue(corpus)
        loops.monitor(queue)
        let page = MetricsPage(
            metrics: metrics, corpus: corpus, queue: queue, spoolStatus: spoolStatus, started: started)
        let api = API(
            corpus: corpus, queue: queue, settings: { live.now.api }, spoolStatus: spoolStatus, page: page,
            started: .now,
            threads: .singleton)
        let http = HTTPService(
            socket: socket, responder: api.responder(), mostConnections: Descriptors.connections(),
            logger: logger, timeout: { live.now.clientTimeout }
        ) {
            tellReady(settings, socket, try? corpus.state(), logger)
            notify.tell("READY=1")
            changes.signal()
        }
        let reload = ReloadService(
            hangups: hangups, read: read, live: live, isActivated: inherited != nil, socket: notify,
            metrics: metrics,
            applied: {
                threshold.now = live.now.logLevel
                spool.look()
            }, logger: logger)
        let status = StatusService(
            socket: notify, corpus: corpus, spoolStatus: spoolStatus, changes: changes, moreTime: moreTime)
        let watchdog = WatchdogService(
            environment: environment, socket: notify, loops: loops, changes: changes, logger: logger)
        // Services stop in reverse order: first it is told, then no more shards, then no more answers. The watchdog
        // looks on until the end.
        var services: [any Service] = [http, spool, reload, status]
        if let watchdog { services.insert(watchdog, at: 0) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet(logger)))
        do {
            try await group.run()
        } catch let error as any StoreFailure {
            throw StartupError(ending: error, folder: settings.data)
        } catch let error as StoreError {
            throw StartupError(error, folder: settings.data)
        }
        queue.close()
        logger.info("nnnd stopped")
    }

    private static func tellReady(
        _ settings: ServeSettings, _ socket: ListeningSocket, _ state: StoreState?, _ logger: Logger
    ) {
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

    /// Runs a part of the start that asks the system for something.
    private static func system<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as SystemError {
            throw StartupError("\(error)", .system)
        }
    }

    private static func openCorpus(_ settings: ServeSettings, _ observer: DaemonObserver) throws -> Corpus {
        try StartupError.forStore(in: settings.data, done: "opened") {
            try FileSystem.makeFolder(settings.data, mode: 0o700)
            StoreDamageSignal.install(folder: settings.data)
            return try Corpus(
                folder: settings.data, settings: settings.store, k: settings.k, threads: settings.threads,
                observer: observer)
        }
    }

    /// A logger that leaves out what the service group says of its own workings.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = .warning
        return logger
    }
}
