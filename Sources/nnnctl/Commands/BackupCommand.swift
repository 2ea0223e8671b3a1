import ArgumentParser
import ControlClient

/// `nnnctl backup`: copies the store while the daemon runs.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store into a new folder, while nnnd runs.",
        discussion: """
            The copy is the corpus of one generation, with all receipts. It is written into a hidden folder, which is \
            renamed when the copy is complete and on the disk. A folder with the new name is therefore complete. The \
            folder has mode 0700 and the file in it 0600, because it holds every vector.

            To restore a backup, stop nnnd, replace nnnd's data folder by the backup, make nnnd's user its owner, and \
            start nnnd. Shards that took effect after the backup have receipts with a later generation: ingest them \
            again.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Argument(help: ArgumentHelp("The folder to create; its parent must exist.", valueName: "folder"))
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
