import ArgumentParser
import ControlClient
import ShardFormats

/// `nnnctl ingest`: puts shards into the daemon's spool.
struct IngestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Copy shards into nnnd's spool, and wait for their receipts if asked to.",
        discussion: """
            A shard is a file NAME.npy, NAME.npz or NAME.safetensors. If there is a file NAME.ids in the same folder, \
            its lines are the ids of the rows. With '--heaps', NAME.heaps.npz has the best references of each image, \
            which nnnd then need not find itself. nnnd sees a shard when it is copied completely, and the shard takes \
            effect as a whole. A row replaces the row that has the same id. A shard with the same name and content as \
            before changes nothing, so a command can be repeated after a failure. This is so even if rows of the \
            shard have been deleted, replaced or retired since: use another name to bring them back.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "Whether the vectors are images or references.")
    var kind: VectorRole

    @Flag(help: "Wait until each shard has taken effect or is rejected.")
    var wait = false

    @Flag(help: "Send NAME.heaps.npz with each shard of images: heaps that were computed before.")
    var heaps = false

    @OptionGroup var waiting: WaitOptions

    @Argument(help: "The shards.", completion: .file(extensions: ["npy", "npz", "safetensors"]))
    var files: [String]

    func validate() throws {
        guard !heaps || kind == .images else { throw ValidationError("'--heaps' needs '--kind images'.") }
        guard wait || waiting.timeout == nil else { throw ValidationError("'--timeout' needs '--wait'.") }
    }

    func run() async throws {
        try await daemon.ingest(
            try ShardFile.check(files, withHeaps: heaps), as: kind, waits: wait, timeout: waiting.limit)
    }
}
