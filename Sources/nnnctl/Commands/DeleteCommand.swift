import ArgumentParser
import ControlClient
import FoundationEssentials
import WireAPI

/// `nnnctl delete`: takes images or references out of the corpus.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete images or references by their ids.",
        discussion: """
            Drops a list of the ids into nnnd's spool and waits until they are gone, all in one commit, from searches \
            and biases. Ids that are not there are counted and do no harm; an id named twice is refused. Put -- before \
            ids that begin with a dash. A deleted id can come again. To replace rows, ingest others under the same ids.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "What to delete.")
    var kind: ShardKind

    @Option(
        help: ArgumentHelp(
            "A file with the ids: UTF-8, one a line, no blank lines, or - for standard input.", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @OptionGroup var waiting: WaitOptions

    @Argument(help: "The ids, unless --file names a list.")
    var ids: [String] = []

    func validate() throws {
        guard (file == nil) != ids.isEmpty else {
            throw ValidationError("Name the ids either on the command line or with '--file', not both.")
        }
        guard !ids.contains(where: { $0.utf8.contains(UInt8(ascii: "\n")) }) else {
            throw ValidationError("An id with a line feed in it can't be deleted: a list has one id a line.")
        }
        // What isn't UTF-8 has become this character, and would name another id.
        guard !ids.contains(where: { $0.unicodeScalars.contains("\u{FFFD}") }) else {
            throw ValidationError("An id is not UTF-8; one that does hold U+FFFD goes into a list, with '--file'.")
        }
    }

    func run() async throws {
        let list = ShardFile(deletionList: try bytes(), name: "nnnctl-\(UUID().uuidString).delete")
        let refused = try await Interruption.cancelling {
            try await daemon.withClient { daemon in
                let folders = SpoolFolders(kind, try await daemon.status().value.spool)
                try folders.check()
                var ingestion = Ingestion([list], into: folders, of: daemon, waits: true, timeout: waiting.limit)
                return try await ingestion.run()
            }
        }
        if refused > 0 { throw ExitCode(ExitStatus.dataRefused.rawValue) }
    }

    /// The list: a file as it is, or exactly the ids of the command line.
    private func bytes() throws -> [UInt8] {
        if let file { return try InputFile(path: file).contents() }
        // A reader takes one byte order mark and the CR before each LF away: with those of our own, none of an id's.
        let lines = ids.map { "\($0)\r\n" }
        return Array("\u{FEFF}".utf8) + Array(lines.joined().utf8)
    }
}
