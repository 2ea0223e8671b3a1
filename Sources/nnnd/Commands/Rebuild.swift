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

/// `nnnd rebuild`: computes again everything that follows from the stored vectors, while no daemon runs.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compute all biases again from the stored vectors, also for another k or capacity.",
        discussion: """
            Use it when `nnnctl verify` finds wrong biases, or when k must exceed the capacity of the store. The daemon \
            must not run. Vectors, ids and receipts stay as they are. Heaps, means and codes are computed into a new \
            file, which replaces the old one at the end. Until then, and after an interruption, the store is as it was. \
            The disk needs space for a second store; the new file has no free pages.

            Without --capacity the store keeps its capacity; where k is larger, it gets k and a quarter, at least 8 \
            more. The sources of settings are those of `nnnd serve`: flags, environment, configuration file.
            """
    )

    /// The settings of the store, and the threads.
    enum RebuildSettings: SettingSelection {
        static let settings = Setting.ofRebuild
    }

    @OptionGroup var options: SettingOptions<RebuildSettings>

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        try await Failure.reporting {
            try await Self.rebuild(options.reader(environment: environment)(), environment: environment)
        }
    }

    private static func rebuild(_ settings: DaemonSettings, environment: [String: String]) async throws {
        let logger = Logger.standard(LogThreshold(settings.logLevel), environment)
        try checkOwner(of: settings.data)
        let interruptions = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let (summary, seconds) = try await withThrowingTaskGroup(of: Void.self) { group in
            let rebuild = try open(settings)
            group.addTask { for await _ in interruptions { rebuild.interrupt() } }
            defer { group.cancelAll() }
            return try await NIOThreadPool.singleton.runIfActive {
                let start = ContinuousClock.now
                let summary = try work(rebuild, settings, logger)
                return (summary, ((ContinuousClock.now - start) / .milliseconds(1)).rounded() / 1000)
            }
        }
        log(summary, seconds: seconds, logger)
    }

    /// Throws an error where the rebuilt files would belong to another user than the daemon's.
    private static func checkOwner(of folder: String) throws {
        var info = stat()
        guard unsafe stat(folder, &info) == 0 else {
            if errno == ENOENT { throw StartupError(.missing, folder: folder) }
            throw SystemError("inspect \(folder)")
        }
        guard info.st_uid == geteuid() else {
            throw StartupError(
                "the store in \(folder) belongs to the user with number \(info.st_uid); rebuild it as that user (sudo -u)",
                .permission)
        }
    }

    private static func open(_ settings: DaemonSettings) throws -> StoreRebuild {
        StoreDamageSignal.install(folder: settings.data)
        return try StartupError.forStore(in: settings.data, done: "rebuilt") {
            try StoreRebuild(
                folder: settings.data, settings: settings.store, k: settings.k, threads: settings.threads)
        }
    }

    private static func work(_ rebuild: StoreRebuild, _ settings: DaemonSettings, _ logger: Logger) throws
        -> StoreRebuild.Summary
    {
        var logged: ContinuousClock.Instant?
        do {
            return try StartupError.forStore(in: settings.data, done: "rebuilt") {
                try rebuild.run { progress in
                    if let logged, ContinuousClock.now - logged < .seconds(1) { return }
                    logged = .now
                    log(progress, logger)
                }
            }
        } catch is CancellationError {
            throw StartupError("interrupted; the store in \(settings.data) is as it was", .interrupted)
        }
    }

    private static func log(_ progress: StoreRebuild.Progress, _ logger: Logger) {
        switch progress {
        case .copying: logger.info("copying vectors, ids and receipts")
        case .computing(let done, let count):
            logger.info("computing biases", metadata: ["done": "\(done)", "images": "\(count)"])
        }
    }

    private static func log(_ summary: StoreRebuild.Summary, seconds: Double, _ logger: Logger) {
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
