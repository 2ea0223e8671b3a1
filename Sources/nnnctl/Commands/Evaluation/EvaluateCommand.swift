import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl evaluate`: measures what the correction by biases changes for some queries.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure what NNN changes for queries, with and without known answers.",
        discussion: """
            nnnd ranks the images for each query without NNN, with its current k and alpha, and with the pair that \
            is best for the answers. R@n is the share of queries with a right image among the first n. The gain is \
            the difference of R@1 to no correction, with a 95% interval (bootstrap over the queries). The gain of a \
            tuned method is measured on random halves of the queries that did not choose its parameters. Hubness \
            shows how unevenly images appear in the top 10 of the queries. Without '--answers' only hubness is \
            measured, and with '--groups' how evenly queries that ask for no label find images of different labels.
            """
    )

    @OptionGroup var daemon: DaemonOptions
    @OptionGroup var queryFiles: QueryOptions
    @OptionGroup var comparison: ComparisonOptions
    @OptionGroup var sweep: SweepOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard queryFiles.queries != nil else { throw ValidationError("Name the queries with '--queries'.") }
        try comparison.validate(queryFiles)
    }

    func run() async throws {
        let report = try await daemon.evaluate(try EvaluationRequest(queryFiles, sweep, comparison))
        if json {
            try StandardOutput.write(document: try WireJSON.encode(report))
        } else {
            try StandardOutput.write(lines: EvaluationView(report: report, style: .output).lines)
        }
    }
}
