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

/// `nnnd rebuild`: recomputes heaps, means and codes from the stored vectors, while no daemon runs.
struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Recompute all biases from the stored vectors, also for another k or capacity.",
        discussion: """
            Use it when `nnnctl verify` finds wrong biases, or when k must exceed the capacity of the store. Stop the \
            daemon first. Vectors, ids and receipts stay as they are. Heaps, means and codes are written to a new \
            file, which replaces the old one at the end. After an interruption the store is unchanged. The disk needs \
            space for a second store; the new file has no free pages.

            Without --capacity the store keeps its capacity; if k exceeds it, the new capacity is 1.25 x k, at least \
            k + 8. Settings come from the same sources as for `nnnd serve`: flags, environment, configuration file.
            """
    )

    /// The settings that are options of `nnnd rebuild`.
    enum RebuildSettings: SettingSelection {
        static let settings = Setting.ofRebuild
    }

    @OptionGroup var options: SettingOptions<RebuildSettings>

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        try await CommandRunner.run {
            try await Self.rebuild(options.settingsReader(environment: environment)(), environment: environment)
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

    /// Throws `StartupError` if the folder of the store is missing or belongs to another user.
    ///
    /// The rebuilt file belongs to the user who runs the command, and the daemon must be able to use it.
    private static func checkOwner(of folder: String) throws {
        var info = stat()
        guard unsafe stat(folder, &info) == 0 else {
            if errno == ENOENT { throw StartupError(.missing, folder: folder) }
            throw SystemError("inspect \(folder)")
        }
        guard info.st_uid == geteuid() else {
            throw StartupError(
                "the store in \(folder) belongs to the user with id \(info.st_uid); rebuild it as that user (sudo -u)",
                .permission)
        }
    }

    private static func open(_ settings: DaemonSettings) throws -> StoreRebuild {
        StoreDamageHandler.install(folder: settings.data)
        return try StartupError.mappingStoreErrors(in: settings.data, failure: "can't be rebuilt") {
            try StoreRebuild(
                folder: settings.data, settings: settings.store, k: settings.requestedK, threads: settings.threads,
                mapSize: settings.mapSize)
        }
    }

    /// Rebuilds the store and logs the progress, at most once a second; blocks until the rebuild ends.
    private static func work(_ rebuild: StoreRebuild, _ settings: DaemonSettings, _ logger: Logger) throws
        -> StoreRebuild.Summary
    {
        var lastLogged: ContinuousClock.Instant?
        do {
            return try StartupError.mappingStoreErrors(in: settings.data, failure: "can't be rebuilt") {
                try rebuild.run { progress in
                    if let lastLogged, ContinuousClock.now - lastLogged < .seconds(1) { return }
                    lastLogged = .now
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
