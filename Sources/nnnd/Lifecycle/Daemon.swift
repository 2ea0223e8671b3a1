import FoundationEssentials
import IncrementalBias
import Logging
import NIOPosix
import ServiceLifecycle
import UnixSignals
import Wire

/// The daemon put together: the corpus, the spool that feeds it, the socket that asks it.
enum Daemon {
    /// Runs until told to stop.
    ///
    /// - Throws: ``StartError`` when it can't start, or can't go on.
    static func run(_ settings: ServeSettings) async throws {
        var logger = Logger(label: "nnnd", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = settings.logLevel
        let corpus = try openCorpus(settings)
        let journal = SpoolJournal()
        let spool: SpoolService
        let socket: ListeningSocket
        do {
            spool = try SpoolService(corpus: corpus, settings: settings, journal: journal, logger: logger)
            socket = try ListeningSocket(path: settings.socket, mode: settings.socketMode)
        } catch let error as SystemError {
            throw StartError("\(error)", .system)
        }
        let queue = SearchQueue(corpus)
        let api = API(
            corpus: corpus, queue: queue, settings: settings, journal: journal, started: .now,
            threads: .singleton)
        let state = try corpus.state()
        logger.info(
            "nnnd \(Version.current) answers on \(settings.socket)",
            metadata: [
                "spool": "\(settings.spool)", "data": "\(settings.data)", "images": "\(state.images.count)",
                "references": "\(state.references.count)", "generation": "\(state.generation)",
            ])
        // Services stop in reverse order: first no more shards, then no more answers.
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: HTTPService(
                            socket: socket, responder: api.responder(), mostConnections: Descriptors.connections(),
                            patience: settings.patience, logger: logger)),
                    .init(service: spool),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
        do {
            try await services.run()
        } catch let error as any StoreTrouble {
            throw StartError(ending: error, folder: settings.data)
        } catch let error as StoreError {
            throw StartError(error, folder: settings.data)
        }
        queue.close()
        logger.info("nnnd stopped")
    }

    private static func openCorpus(_ settings: ServeSettings) throws -> Corpus {
        do {
            try FileSystem.makeFolder(settings.data, mode: 0o700)
            return try Corpus(
                folder: settings.data, settings: settings.store, k: settings.k, threads: settings.threads)
        } catch let error as StoreError {
            throw StartError(error, folder: settings.data)
        } catch let error as any StoreTrouble {
            if error.isDamage { throw StartError(.damaged("\(error)"), folder: settings.data) }
            throw StartError("the store in \(settings.data) can't be opened: \(error)", .system)
        } catch let error as SystemError {
            throw StartError("\(error)", .system)
        }
    }

    /// A logger that leaves out what the service group says of its own workings.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
