import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl explain`: why an image's bias is what it is.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show an image's bias and the references that make it.",
        discussion: """
            An image's bias is alpha times the mean of its k largest similarities to references. The table lists the \
            references in its heap, the most similar first.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Argument(help: "The image's id.")
    var id: String

    @Option(help: ArgumentHelp("How many references to list.", valueName: "n"))
    var top = 20

    @Flag(help: "Print the report as JSON, with all references of the heap.")
    var json = false

    func validate() throws {
        guard !id.isEmpty else { throw ValidationError("The id is empty.") }
        guard top >= 0 else { throw ValidationError("'--top' has to be 0 or more.") }
    }

    func run() async throws {
        let answer = try await daemon.withClient { daemon in
            do {
                return try await daemon.image(id)
            } catch let problem as Problem where problem.status == 404 {
                guard (try? await daemon.reference(id)) != nil else { throw problem }
                throw Failure(.dataRefused, "'\(id.printable)' is a reference, not an image: references have no bias")
            }
        }
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: ExplainView(report: answer.value, top: top, style: .output).lines)
        }
    }
}
