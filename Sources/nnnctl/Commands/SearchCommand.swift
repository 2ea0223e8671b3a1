import ArgumentParser
import ControlClient
import ShardFormats
import WireAPI

/// `nnnctl search`: finds the images with the highest scores for each query of a file.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search the corpus for each query of an .npy file.",
        discussion: """
            The file holds a two-dimensional array of float16, float32 or float64 with a query in each row, or a \
            one-dimensional array with one query. A hit's score is its similarity minus its bias; the bias is alpha \
            times the mean of the image's k largest similarities to references.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(
        help: ArgumentHelp("The queries: an .npy file, or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["npy"])
    )
    var queries: String

    @Option(help: ArgumentHelp("The number of images to find for each query.", valueName: "n"))
    var topK = 10

    @Option(
        help: ArgumentHelp("The weight of the bias (default: the daemon's setting); 0 gives the plain ranking."))
    var alpha: Float?

    @Flag(help: #"Print a line of JSON per query: {"query": 0, "hits": [{"id", "score", "similarity", "bias"}, ...]}."#)
    var json = false

    func validate() throws {
        guard topK > 0 else { throw ValidationError("'--top-k' must be 1 or more.") }
        guard alpha?.isFinite ?? true else { throw ValidationError("'--alpha' must be a finite number.") }
    }

    func run() async throws {
        let client = daemon.client
        let generations = try await BatchedSearch(try QueryFile(path: queries).read(), topK: topK).run(
            search: { try await client.search(NPY.write($0.matrix), topK: topK, alpha: alpha).value },
            { try StandardOutput.write(lines: lines($1, rows: $0)) })
        if generations.count > 1 {
            try Console().show(
                .error(
                    "the corpus changed between the requests; the answers reflect the generations "
                        + generations.map(String.init).joined(separator: ", ")))
        }
    }

    /// The output for a response to the queries in `rows` of the file.
    private func lines(_ response: SearchResponse, rows: Range<Int>) throws -> [String] {
        let queries = zip(rows, response.results).map { QueryHits(query: $0, hits: $1) }
        if json { return try queries.map { String(decoding: try WireJSON.encode($0), as: UTF8.self) } }
        let count = NumberFormat.count(rows.count, "query", "queries")
        let took = "generation \(response.generation), \(count) in \(NumberFormat.duration(response.tookMs / 1000))"
        return queries.flatMap { $0.lines(style: .output) } + [TextStyle.output.dim(took)]
    }
}
