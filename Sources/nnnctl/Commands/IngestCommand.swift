import ArgumentParser
import ControlClient
import ShardFormats

/// `nnnctl ingest`: puts shards into the daemon's spool.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Copy shards into nnnd's spool, and wait for their receipts if asked to.",
        discussion: """
            A shard is NAME.npy, NAME.npz or NAME.safetensors; if NAME.ids is beside it, its lines are the ids of the \
            rows. nnnd sees a shard once all of it is copied, and the shard takes effect as a whole. A row replaces \
            the row that has the same id. The same content under the same name changes nothing, so a command can be \
            repeated after a failure; this holds also if rows of it have been deleted, replaced or retired since. Use \
            another name to bring them back.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "What the vectors are.")
    var kind: VectorRole

    @Flag(help: "Wait until each shard took effect or was rejected.")
    var wait = false

    @OptionGroup var waiting: WaitOptions

    @Argument(help: "The shards.", completion: .file(extensions: ["npy", "npz", "safetensors"]))
    var files: [String]

    func validate() throws {
        guard wait || waiting.timeout == nil else { throw ValidationError("'--timeout' needs '--wait'.") }
    }

    func run() async throws {
        try await daemon.ingest(try ShardFile.check(files), as: kind, waits: wait, timeout: waiting.limit)
    }
}
