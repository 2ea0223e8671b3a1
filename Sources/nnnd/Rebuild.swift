import ArgumentParser
import DaemonSupport
import FoundationEssentials
import Glibc
import IncrementalBias
import Logging
import NIOPosix
import Observability
import PosixSupport
import UnixSignals

/// `nnnd rebuild`: computes everything anew that follows from the stored vectors, while no daemon runs.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compute all biases anew from the stored vectors, also for another k or capacity.",
        discussion: """
            For when `nnnctl verify` finds wrong biases, or k is to be beyond the capacity that the store was made with. \
            The daemon must not run. Vectors, ids and receipts stay as they are; heaps, means and codes are computed \
            into a new file, which takes the place of the old one at the end. Until then, and whenever this is ended or \
            killed, the store is as it was. It needs room on the disk for a second store, and leaves out what was free.

            Settings are found where `nnnd serve` finds them: flags, environment, configuration file.
            """
    )

    @Option(
        help: ArgumentHelp(
            "The configuration file, YAML. (default: /etc/nnnd/nnnd.yaml, if it is there; environment: NNND_CONFIG)",
            valueName: "file"), completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Where the store is kept. (default: $STATE_DIRECTORY or /var/lib/nnnd)", valueName: "folder"),
        completion: .directory)
    var data: String?

    @Option(
        help: ArgumentHelp(
            "How many of an image's largest similarities to references its bias averages. (default: 128)",
            valueName: "number"))
    var k: String?

    @Option(
        help: ArgumentHelp(
            "How many references an image's heap can hold. (default: as it is; where k is larger, k and a quarter, at least 8 more)",
            valueName: "number"))
    var capacity: String?

    @Option(help: ArgumentHelp("Threads. (default: one a core)", valueName: "number"))
    var threads: String?

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let given: [(Setting, String?)] = [(.data, data), (.k, k), (.capacity, capacity), (.threads, threads)]
        let flags = given.reduce(into: [:]) { flags, entry in flags[entry.0] = entry.1 }
        try await FailureLine.telling {
            let sources = try SettingSources(
                flags: flags, environment: environment, file: config ?? environment["NNND_CONFIG"])
            try await Self.rebuild(ServeSettings(sources, environment: environment), environment: environment)
        }
    }

    private static func rebuild(_ settings: ServeSettings, environment: [String: String]) async throws {
        let handler = LineLogHandler(
            threshold: LineLogHandler.Threshold(settings.logLevel), isJournal: LogOutput.isJournal(environment))
        let logger = Logger(label: "nnnd", factory: { _ in handler })
        try checkOwner(of: settings.data)
        let interruptions = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let summary = try await withThrowingTaskGroup(of: Void.self) { group in
            let rebuild = try open(settings)
            group.addTask { for await _ in interruptions { rebuild.interrupt() } }
            defer { group.cancelAll() }
            return try await NIOThreadPool.singleton.runIfActive {
                let start = ContinuousClock.now
                let summary = try work(rebuild, settings, logger)
                let seconds = ((ContinuousClock.now - start) / .milliseconds(1)).rounded() / 1000
                return (summary, seconds)
            }
        }
        tell(summary.0, seconds: summary.1, logger)
    }

    /// Refuses to leave files that the daemon can't open.
    private static func checkOwner(of folder: String) throws {
        var info = stat()
        guard unsafe stat(folder, &info) == 0 else {
            if errno == ENOENT { throw StartupError(.missing, folder: folder) }
            throw SystemError("look at \(folder)")
        }
        guard info.st_uid == geteuid() else {
            throw StartupError(
                "the store in \(folder) belongs to the user with number \(info.st_uid); rebuild it as that user (sudo -u)",
                .permission)
        }
    }

    private static func open(_ settings: ServeSettings) throws -> StoreRebuild {
        StoreDamageSignal.install(folder: settings.data)
        return try StartupError.forStore(in: settings.data, done: "rebuilt") {
            try StoreRebuild(
                folder: settings.data, settings: settings.store, k: settings.k, threads: settings.threads)
        }
    }

    private static func work(_ rebuild: StoreRebuild, _ settings: ServeSettings, _ logger: Logger) throws
        -> StoreRebuild.Summary
    {
        var told: ContinuousClock.Instant?
        do {
            return try StartupError.forStore(in: settings.data, done: "rebuilt") {
                try rebuild.run { progress in
                    if let told, ContinuousClock.now - told < .seconds(1) { return }
                    told = .now
                    tell(progress, logger)
                }
            }
        } catch is CancellationError {
            throw StartupError("interrupted; the store in \(settings.data) is as it was", .interrupted)
        }
    }

    private static func tell(_ progress: StoreRebuild.Progress, _ logger: Logger) {
        switch progress {
        case .copying: logger.info("copying vectors, ids and receipts")
        case .computing(let done, let count):
            logger.info("computing biases", metadata: ["done": "\(done)", "images": "\(count)"])
        }
    }

    private static func tell(_ summary: StoreRebuild.Summary, seconds: Double, _ logger: Logger) {
        logger.info(
            "the store is rebuilt",
            metadata: [
                "images": "\(summary.state.images.count)", "references": "\(summary.state.references.count)",
                "k": "\(summary.state.k)", "capacity": "\(summary.settings.capacity)",
                "generation": "\(summary.state.generation)", "bytes": "\(summary.bytes)",
                "bytes-before": "\(summary.bytesBefore)", "seconds": "\(seconds)",
            ])
    }
}
