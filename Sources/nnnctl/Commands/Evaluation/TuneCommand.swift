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

            Without '--apply' nothing is changed, and the output has the lines for nnnd's settings file. With it nnnd \
            uses the chosen pair from now on, if the data can tell it from the current settings. Only root and the \
            user of the daemon may do this.
            """
    )

    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var queryFiles: QueryOptions

    @Flag(help: "Propose a pair by hubness, without answers.")
    var unlabelled = false

    @OptionGroup var sweep: SweepOptions

    @Flag(help: "Set the chosen pair in the running daemon, which keeps it in its store; needs '--answers'.")
    var apply = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard unlabelled == (queryFiles.answers == nil) else {
            throw ValidationError("Give either '--queries' with '--answers', or '--unlabelled'.")
        }
        guard !(apply && unlabelled) else {
            throw ValidationError(
                "'--unlabelled' only proposes a pair: set it in nnnd's settings file, or give '--answers'.")
        }
    }

    func run() async throws {
        let report = try await daemon.evaluate(try EvaluationRequest(queryFiles, sweep))
        if json {
            try StandardOutput.write(document: try WireJSON.encode(report))
        } else {
            try StandardOutput.write(lines: TuningView(report: report, style: .output, isApplied: apply).lines)
        }
        if apply, let tuning = report.tuning { try await apply(tuning) }
    }

    /// Sets the chosen pair, if it is better than the current one.
    private func apply(_ tuning: EvaluationReport.Tuning) async throws {
        guard tuning.isBetterThanCurrent else {
            return try show("nothing was set, because the data can't tell the pair from the current settings")
        }
        let settings = try await daemon.client.change(SettingsRequest(k: tuning.k, alpha: tuning.alpha)).value
        for message in AppliedSettingsView(settings).messages { try show(message) }
    }

    /// Shows a line after the report; on standard error if standard output has JSON.
    private func show(_ line: String) throws {
        try Console().show(json ? .error(line) : .output(line))
    }
}
