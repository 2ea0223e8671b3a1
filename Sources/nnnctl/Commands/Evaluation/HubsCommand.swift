import ArgumentParser
import ControlClient
import WireAPI

/// `nnnctl hubs`: lists the images that appear most, and those with suspicious biases.
struct HubsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hubs",
        abstract: "List the images that appear in most searches, and those with suspicious biases.",
        discussion: """
            N_10 of an image is the number of queries that have it in their top 10. The queries are those of \
            '--queries', else a sample of the references. An image is suspicious if the robust z-score of its mean \
            is above 3.5: (mean - median) / (1.4826 x median absolute deviation). Under each image are the \
            references that are most similar to it and make its bias. '--since' adds the images whose biases have \
            changed most because of references that arrived after that moment. References that were removed since \
            then are not known.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(
        help: ArgumentHelp(
            "The queries: an .npy file, or - for standard input (default: a sample of the references).",
            valueName: "file"),
        completion: .file(extensions: ["npy"])
    )
    var queries: String?

    @Option(help: ArgumentHelp("The maximum number of images in each list.", valueName: "n"))
    var limit = 10

    @Option(
        help: ArgumentHelp(
            "The number of references to take as queries, from 1 to 10,000 (default: 1,000).", valueName: "n"))
    var sample: Int?

    @Option(
        help: ArgumentHelp(
            "List the images whose biases have changed most since a generation, or a time (2026-11-28T12:30:00Z).",
            valueName: "moment"))
    var since: String?

    @OptionGroup var texts: TextOptions

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("'--limit' must be 1 or more.") }
        guard sample ?? 1 > 0 else { throw ValidationError("'--sample' must be 1 or more.") }
        guard sample == nil || queries == nil else {
            throw ValidationError("'--sample' is for references; leave it out, or '--queries'.")
        }
        if let since, HubsSince(since) == nil {
            throw ValidationError("'--since' must be a generation, or a time such as 2026-11-28T12:30:00Z.")
        }
    }

    func run() async throws {
        let matrix = try queries.map { try QueryFile(path: $0).read() }
        let texts = try texts.read()
        let answer = try await daemon.client.hubs(
            HubsRequest(
                queries: matrix.map { QueryVectors($0) }, limit: limit, sample: sample, since: since))
        if json {
            try StandardOutput.write(document: answer.document)
        } else {
            try StandardOutput.write(lines: HubsView(report: answer.value, texts: texts, style: .output).lines)
        }
    }
}
