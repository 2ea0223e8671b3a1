import ArgumentParser
import ControlClient
import Glibc

/// `nnnctl export`: writes all images with their vectors and means into a folder.
struct ExportCommand: AsyncParsableCommand {
    /// The format of the files of an export.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case npy
        case parquet
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all images with their vectors and means into a folder, while nnnd runs.",
        discussion: """
            images.npy and images.ids are a shard with the vectors as nnnd stores them, and means.npy has their means. \
            changes.ndjson has what changed while they were written, as GET /v1/changes sends it; it must be applied in \
            order. manifest.json says which generation all of it together is, and has the cursor from which 'nnnctl \
            changes' continues. An export that was interrupted continues if the same command runs again.

            nnnctl writes no parquet files: 'python -m nnnd export' of the Python package does.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: ArgumentHelp("The format of the files: npy.", valueName: "format"))
    var format = Format.npy

    @Argument(help: ArgumentHelp("The folder to create, or that of an unfinished export.", valueName: "folder"))
    var folder: String

    func validate() throws {
        guard format == .npy else {
            throw ValidationError(
                "nnnctl writes no parquet files; use 'python -m nnnd export --format parquet' of the Python package.")
        }
    }

    func run() async throws {
        let (daemon, folder) = (daemon.client, folder)
        let manifest = try await cancelledBySignals {
            let console = Console()
            defer { console.clearProgress() }
            return try await daemon.export(toFolder: folder) { written, images in
                try console.show(.progress(done: written, total: max(written, images), text: "\(written) images"))
            }
        }
        let changes = manifest.changes == 0 ? "" : " and \(manifest.changes) changes"
        try StandardOutput.write(
            lines: ["\(folder): \(manifest.rows) images\(changes), generation \(manifest.generation)"])
    }
}
