import ArgumentParser
import ControlClient
import FoundationEssentials
import WireAPI

/// `nnnctl report`: writes a page that shows an evaluation with pictures.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a page with pictures that shows whether NNN helps, and which images are hubs.",
        discussion: """
            The page is one HTML file without scripts, for screens and paper. It loads nothing from the network. It \
            shows what 'nnnctl evaluate', 'nnnctl tune' and 'nnnctl hubs' print. Without '--queries', references that \
            are left out of the biases are the queries. Without '--answers', k and alpha are proposed by hubness, as \
            'nnnctl tune --unlabelled' does. An existing file is replaced when the new one is complete.
            """
    )

    /// The number of images in each list of hubs.
    private static let hubs = 10

    @OptionGroup var daemon: DaemonOptions

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file(extensions: ["html"]))
    var out: String

    @OptionGroup var queryFiles: QueryOptions
    @OptionGroup var comparison: ComparisonOptions
    @OptionGroup var texts: TextOptions
    @OptionGroup var sweep: SweepOptions

    func validate() throws {
        try comparison.validate(queryFiles)
    }

    func run() async throws {
        let file = try ReportFile(path: out)
        let texts = try texts.read()
        let request = try EvaluationRequest(queryFiles, sweep, comparison)
        let report = try await daemon.evaluate(request)
        let hubs = try await daemon.client.hubs(HubsRequest(queries: request.queries, limit: Self.hubs)).value
        let match = try await daemon.client.status().value.referenceMatch
        let page = ReportPage(report: report, hubs: hubs, match: match, texts: texts, written: Date())
        try file.write(page.html)
        try StandardOutput.write(lines: Findings(report).verdict + ["report: \(out)"])
    }
}
