import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl backup`: a copy of the store, while the daemon works.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store into a new folder, while nnnd works.",
        discussion: """
            The copy is the corpus as one commit left it, with all receipts. It is written to a hidden folder beside \
            the one that is asked for, and gets that name when all of it is on the disk: what has the name is whole. \
            Its modes are 0700 and 0600: who can read it can read every vector.

            To restore it, stop nnnd, let the copy take the place of nnnd's data folder, owned by nnnd's user, and \
            start nnnd. What took effect since has a receipt with a later generation; drop those shards again.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Argument(help: ArgumentHelp("The folder to make; its parent must exist.", valueName: "folder"))
    var folder: String

    func run() async throws {
        let bytes = try await Interruption.cancelling {
            try await daemon.withClient { daemon in
                let expected = try await daemon.status().value.store.bytes
                let backup = try BackupFolder(for: folder)
                let progress = ProgressLine()
                defer { progress.clear() }
                var bytes = 0
                try await daemon.backup { part in
                    try Task.checkCancellation()
                    try backup.write(part)
                    bytes += part.count
                    progress.show(done: min(bytes, expected), of: expected, text: Figures.bytes(bytes))
                }
                try backup.place()
                return bytes
            }
        }
        try StandardOutput.write(lines: ["\(folder): \(Figures.bytes(bytes))"])
    }
}
