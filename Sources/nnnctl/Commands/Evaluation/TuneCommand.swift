import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl tune`: chooses k and alpha.
struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Choose k and alpha by queries with known answers, or propose them by hubness.",
        discussion: """
            With '--answers' nnnd tries pairs of k and alpha and chooses the one with the highest R@1. What the \
            choice is worth is measured on random halves of the queries that did not choose. If the data can't tell \
            the pair from the current settings, the output says so.

            With '--unlabelled' nnnd proposes the weakest correction among the pairs with the fewest images in nobody's \
            top 10, over the given queries or else over references that are left out of the biases. This assumes that every image is about \
            as likely to be asked for. Where most images are never asked for, the proposal can be worse than the \
            current settings.

            Nothing is changed: the output has the lines for nnnd's settings file.
            """
    )

    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var queryFiles: QueryOptions

    @Flag(help: "Propose a pair by hubness, without answers.")
    var unlabelled = false

    @OptionGroup var sweep: SweepOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard unlabelled == (queryFiles.answers == nil) else {
            throw ValidationError("Give either '--queries' with '--answers', or '--unlabelled'.")
        }
    }

    func run() async throws {
        let report = try await daemon.evaluate(try EvaluationRequest(queryFiles, sweep))
        if json {
            try StandardOutput.write(document: try WireJSON.encode(report))
        } else {
            try StandardOutput.write(lines: TuningView(report: report, style: .output).lines)
        }
    }
}
