import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl ingest`: drops shards into the daemon's spool.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Copy shards into nnnd's spool, and wait for their receipts if asked to.",
        discussion: """
            A shard is NAME.npy, NAME.npz or NAME.safetensors; the file NAME.ids beside it, an id a line, goes with \
            it. Each shard is copied whole before nnnd can see it, and takes effect as a whole. A row whose id \
            exists already replaces the other. The same content under the same name changes nothing, so a command can \
            be repeated after a failure. That holds also where its rows have been deleted, replaced or retired since; \
            use another name to bring them back.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "What the vectors are.")
    var kind: ShardKind

    @Flag(help: "Wait until each shard took effect or was refused.")
    var wait = false

    @OptionGroup var waiting: WaitOptions

    @Argument(help: "The shards.", completion: .file(extensions: ["npy", "npz", "safetensors"]))
    var files: [String]

    func validate() throws {
        guard wait || waiting.timeout == nil else { throw ValidationError("'--timeout' goes with '--wait'.") }
    }

    func run() async throws {
        let shards = try ShardFile.check(files)
        let refused = try await Interruption.cancelling {
            try await daemon.withClient { daemon in
                let folders = SpoolFolders(kind, try await daemon.status().value.spool)
                try folders.check()
                var ingestion = Ingestion(shards, into: folders, of: daemon, waits: wait, timeout: waiting.limit)
                return try await ingestion.run()
            }
        }
        if refused > 0 { throw ExitCode(ExitStatus.dataRefused.rawValue) }
    }
}
