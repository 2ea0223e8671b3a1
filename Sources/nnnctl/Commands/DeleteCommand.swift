import ArgumentParser
import ControlClient
import ShardFormats

/// `nnnctl delete`: deletes images or references from the corpus.
struct DeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete images or references by their ids.",
        discussion: """
            Puts a list of the ids into nnnd's spool and waits for its receipt. One commit deletes all of them: they \
            no longer appear in searches or count in biases. Ids that don't exist are counted and cause no error; a \
            list that names an id twice is rejected. Put -- before ids that begin with a dash. A deleted id can be \
            added again. To replace rows, ingest new vectors under the same ids.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "What to delete.")
    var kind: VectorRole

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
            throw ValidationError("An id that contains a line feed can't be deleted: a list has one id a line.")
        }
        // Swift has replaced bytes that aren't UTF-8 by this character, so the text may not be the id that was meant.
        guard !ids.contains(where: { $0.unicodeScalars.contains("\u{FFFD}") }) else {
            throw ValidationError("An id is not UTF-8. Use a list with '--file' for an id that contains U+FFFD.")
        }
    }

    func run() async throws {
        let list = try file.map { ShardFile(deletionList: try InputFile(path: $0).contents()) }
        try await daemon.ingest([list ?? ShardFile(deleting: ids)], as: kind, waits: true, timeout: waiting.limit)
    }
}
