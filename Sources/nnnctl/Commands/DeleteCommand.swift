import ArgumentParser
import Foundation
import Wire

/// `nnnctl delete`: takes images or references out of the corpus.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete images or references by their ids.",
        discussion: """
            Drops a list of the ids into nnnd's spool and waits until they are gone, all in one commit. Ids that are \
            not there are counted and do no harm.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "What to delete.")
    var kind: ShardKind

    @Option(help: ArgumentHelp("A file with the ids, one a line.", valueName: "file"), completion: .file())
    var file: String?

    @Argument(help: "The ids.")
    var ids: [String] = []

    func validate() throws {
        guard (file == nil) != ids.isEmpty else {
            throw ValidationError("Name the ids either on the command line or with '--file'.")
        }
        guard !ids.contains(where: { $0.contains("\n") }) else {
            throw ValidationError("An id on the command line can't hold a line break.")
        }
    }

    func run() async throws {
        let list = try list()
        let folder = FileManager.default.temporaryDirectory.appending(path: "nnnctl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "ids")
        try list.write(to: path)
        let name = "\(folder.lastPathComponent).delete"
        let shard = ShardFile(deletionList: path.path(), name: name)
        let refused = try await Interruption.cancelling {
            try await Daemon.connect(daemon.socket) { daemon in
                let folders = SpoolFolders(kind, try await daemon.status().value.spool)
                try folders.check()
                var ingestion = Ingestion([shard], into: folders, of: daemon, waits: true, timeout: nil)
                return try await ingestion.run()
            }
        }
        if refused > 0 { throw ExitCode(ExitStatus.dataRefused.rawValue) }
    }

    private func list() throws -> Data {
        guard let file else { return Data(ids.map { $0 + "\n" }.joined().utf8) }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failure(.noInput, "\(file): it can't be read")
        }
        return data
    }
}
