import ArgumentParser
import ControlClient
import ShardFormats
import WireAPI

/// `nnnctl search`: the images that score highest for each query of a file.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search the corpus for each query of an .npy file.",
        discussion: """
            The file holds a two-dimensional array of float16, float32 or float64, a query a row, or one query in one \
            dimension. A hit's score is its similarity minus its bias; the bias is alpha times the mean of the \
            image's k largest similarities to references.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(
        help: ArgumentHelp("The queries: an .npy file, or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["npy"])
    )
    var queries: String

    @Option(help: ArgumentHelp("How many images to find for each query.", valueName: "n"))
    var topK = 10

    @Option(
        help: ArgumentHelp("The weight of the correction (default: the daemon's own); 0 gives the plain ranking."))
    var alpha: Float?

    @Flag(help: #"Print one line of JSON a query: {"query": 0, "hits": [{"id", "score", "similarity", "bias"}, ...]}."#)
    var json = false

    func validate() throws {
        guard topK > 0 else { throw ValidationError("'--top-k' has to be 1 or more.") }
        guard alpha?.isFinite ?? true else { throw ValidationError("'--alpha' has to be a finite number.") }
    }

    func run() async throws {
        let batches = QueryBatches(try QueryFile(path: queries).read(), topK: topK)
        try await daemon.withClient { daemon in
            var generations: Set<UInt64> = []
            for batch in batches {
                let response = try await search(batch, of: batches, daemon: daemon)
                generations.insert(response.generation)
                try StandardOutput.write(lines: lines(response, batch: batch))
            }
            if generations.count > 1 {
                StandardError.line(
                    "nnnctl: the corpus changed between the requests; the answers reflect the generations "
                        + generations.sorted().map(String.init).joined(separator: ", "))
            }
        }
    }

    private func search(_ batch: QueryBatch, of batches: QueryBatches, daemon: DaemonClient) async throws
        -> SearchResponse
    {
        let response: SearchResponse
        do {
            response = try await daemon.search(NPY.write(batch.matrix), topK: topK, alpha: alpha).value
        } catch var problem as Problem {
            if batches.count > 1 { problem.detail = "queries \(batch.rows.lowerBound) and up: \(problem.detail)" }
            throw problem
        }
        guard response.results.count == batch.rows.count else {
            throw Failure(
                .internalFault, "nnnd answered \(response.results.count) of \(batch.rows.count) queries of a request")
        }
        return response
    }

    private func lines(_ response: SearchResponse, batch: QueryBatch) throws -> [String] {
        let queries = zip(batch.rows, response.results).map { QueryHits(query: $0, hits: $1) }
        if json { return try queries.map { String(decoding: try WireJSON.encode($0), as: UTF8.self) } }
        let count = Figures.count(batch.rows.count, "query", "queries")
        let took = "generation \(response.generation), \(count) in \(Figures.duration(response.tookMs / 1000))"
        return queries.flatMap { $0.lines(style: .output) } + [Style.output.dim(took)]
    }
}
