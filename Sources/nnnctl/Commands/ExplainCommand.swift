import ArgumentParser
import ControlClient

/// `nnnctl explain`: an image's bias and the references that it is computed from.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show an image's bias and the references that it is computed from.",
        discussion: """
            An image's bias is alpha times the mean of its k largest similarities to references. The table lists the \
            references in the image's heap: the k most similar ones and some spare ones, the most similar first.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Argument(help: "The image's id.")
    var id: String

    @Option(help: ArgumentHelp("The number of references to list.", valueName: "n"))
    var top = 20

    @Flag(help: "Print the report as JSON, with all references of the heap.")
    var json = false

    @Flag(help: "Print the image's vector too; needs '--json'.")
    var vector = false

    func validate() throws {
        guard !id.isEmpty else { throw ValidationError("The id is empty.") }
        guard top >= 0 else { throw ValidationError("'--top' must be 0 or more.") }
        guard json || !vector else { throw ValidationError("'--vector' needs '--json'.") }
    }

    func run() async throws {
        let answer = try await daemon.client.explain(id, vector: vector)
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: ExplainView(report: answer.value, top: top, style: .output).lines)
        }
    }
}
