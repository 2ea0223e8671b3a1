import ArgumentParser
import ControlClient

/// `nnnctl backup`: copies the store while the daemon works.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store into a new folder, while nnnd works.",
        discussion: """
            The copy is the corpus of one generation, with all receipts. It is written into a hidden folder beside \
            the new one, and gets the new name when all of it is on the disk, so a folder of that name is complete. \
            Its modes are 0700 and 0600, as it holds every vector.

            To restore a backup, stop nnnd, replace nnnd's data folder by the backup, owned by nnnd's user, and start \
            nnnd. Shards that took effect later have a receipt with a later generation; ingest them again.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Argument(help: ArgumentHelp("The folder to make; its parent must exist.", valueName: "folder"))
    var folder: String

    func run() async throws {
        let (daemon, folder) = (daemon.client, folder)
        let bytes = try await cancelledBySignals {
            let console = Console()
            defer { console.clearProgress() }
            return try await daemon.backup(toFolder: folder) { written, expected in
                try console.show(.progress(done: written, total: expected, text: NumberFormat.bytes(written)))
            }
        }
        try StandardOutput.write(lines: ["\(folder): \(NumberFormat.bytes(bytes))"])
    }
}
