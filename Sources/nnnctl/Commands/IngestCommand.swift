import ArgumentParser
import Wire

/// `nnnctl ingest`: drops shards into the daemon's spool.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Copy shards into nnnd's spool, and wait for their receipts if asked to.",
        discussion: """
            A shard is NAME.npy, NAME.npz or NAME.safetensors; the file NAME.ids beside it, an id a line, goes with \
            it. Each shard is copied whole before nnnd can see it, and takes effect as a whole. The same content \
            under the same name changes nothing, so a command can be repeated after a failure.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "What the vectors are.")
    var kind: ShardKind

    @Flag(help: "Wait until each shard took effect or was refused.")
    var wait = false

    @Option(help: ArgumentHelp("With --wait: give up after this time (default: never).", valueName: "seconds"))
    var timeout: Double?

    @Argument(help: "The shards.", completion: .file(extensions: ["npy", "npz", "safetensors"]))
    var files: [String]

    func validate() throws {
        guard let timeout else { return }
        guard wait else { throw ValidationError("'--timeout' goes with '--wait'.") }
        guard timeout >= 0, timeout < 1e9 else { throw ValidationError("'--timeout' has to be a number of seconds.") }
    }

    func run() async throws {
        let shards = try ShardFile.check(files)
        let refused = try await Interruption.cancelling {
            try await Daemon.connect(daemon.socket) { daemon in
                let folders = SpoolFolders(kind, try await daemon.status().value.spool)
                try folders.check()
                var ingestion = Ingestion(
                    shards, into: folders, of: daemon, waits: wait, timeout: timeout.map { .seconds($0) })
                return try await ingestion.run()
            }
        }
        if refused > 0 { throw ExitCode(ExitStatus.dataRefused.rawValue) }
    }
}
