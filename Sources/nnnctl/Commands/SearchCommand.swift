import ArgumentParser
import ControlClient
import ShardFormats
import WireAPI

/// `nnnctl search`: finds the images with the highest scores for each query of a file.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Search the corpus for each query of an .npy file, or for what is like an image or a reference.",
        discussion: """
            The file holds a two-dimensional array of float16, float32 or float64 with a query in each row, or a \
            one-dimensional array with one query. A hit's score is its similarity minus its bias; the bias is alpha \
            times the mean of the image's k largest similarities to references. With `--image` or `--reference` the \
            stored vectors of these ids are the queries. An image is not among its own hits.
            """
    )

    @OptionGroup var daemon: DaemonOptions

    @Option(
        help: ArgumentHelp("The queries: an .npy file, or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["npy"])
    )
    var queries: String?

    @Option(help: ArgumentHelp("An image to find similar images for.", valueName: "id"))
    var image: [String] = []

    @Option(help: ArgumentHelp("A reference to find images for.", valueName: "id"))
    var reference: [String] = []

    @Option(help: ArgumentHelp("The number of images to find for each query.", valueName: "n"))
    var topK = 10

    @Option(
        help: ArgumentHelp("The weight of the bias (default: the daemon's setting); 0 gives the plain ranking."))
    var alpha: Float?

    @Option(help: ArgumentHelp("Leave out images with a lower score.", valueName: "score"))
    var minScore: Float?

    @Option(
        help: ArgumentHelp(
            """
            The share of the best images that the answers should have on average, from 0.5 to 1, which is exact \
            (default: the daemon's setting).
            """))
    var recall: Double?

    @Option(
        help: ArgumentHelp(
            "For experts: with '--recall', score so many rows exactly in place of the calibrated number.",
            valueName: "rows"))
    var rescore: Int?

    @Flag(
        help: ArgumentHelp(
            #"Print a line of JSON per query: {"query": 0, "hits": [{"id", "score", "similarity", "bias"}, ...]}; "#
                + #"with ids "image" or "reference" takes the place of "query"."#))
    var json = false

    func validate() throws {
        guard topK > 0 else { throw ValidationError("'--top-k' must be 1 or more.") }
        guard alpha?.isFinite ?? true else { throw ValidationError("'--alpha' must be a finite number.") }
        guard minScore?.isFinite ?? true else { throw ValidationError("'--min-score' must be a finite number.") }
        guard (0.5...1).contains(recall ?? 1) else { throw ValidationError("'--recall' must be from 0.5 to 1.") }
        let sources = [queries != nil, !image.isEmpty, !reference.isEmpty].filter(\.self)
        guard sources.count == 1 else {
            throw ValidationError("Give one of '--queries', '--image' and '--reference'.")
        }
    }

    func run() async throws {
        guard let queries else { return try await searchByIDs() }
        let client = daemon.client
        let generations = try await BatchedSearch(try QueryFile(path: queries).read(), topK: topK).run(
            search: {
                let file = NPY.write($0.matrix)
                return try await client.search(
                    file, topK: topK, alpha: alpha, minScore: minScore, recall: recall, rescore: rescore
                ).value
            },
            { rows, response in
                let hits = zip(rows, response.results).map { QueryHits(query: $0, hits: $1) }
                try StandardOutput.write(lines: lines(response, hits))
            })
        if generations.count > 1 {
            try Console().show(
                .error(
                    "the corpus changed between the requests; the answers reflect the generations "
                        + generations.map(String.init).joined(separator: ", ")))
        }
    }

    /// Searches for the vectors of images or of references.
    private func searchByIDs() async throws {
        var request = SearchRequest(
            imageIDs: image.isEmpty ? nil : image, referenceIDs: reference.isEmpty ? nil : reference, topK: topK,
            alpha: alpha, minScore: minScore, recall: recall)
        request.rescore = rescore
        let response = try await daemon.client.search(request).value
        let hits =
            image.isEmpty
            ? zip(reference, response.results).map { QueryHits(reference: $0, hits: $1) }
            : zip(image, response.results).map { QueryHits(image: $0, hits: $1) }
        try StandardOutput.write(lines: lines(response, hits))
    }

    /// The output for a response with the hits of some queries.
    private func lines(_ response: SearchResponse, _ queries: [QueryHits]) throws -> [String] {
        if json { return try queries.map { String(decoding: try WireJSON.encode($0), as: UTF8.self) } }
        let count = NumberFormat.count(queries.count, "query", "queries")
        let took = "generation \(response.generation), \(count) in \(NumberFormat.duration(response.tookMs / 1000))"
        return queries.flatMap { $0.lines(style: .output) } + [TextStyle.output.dim(took + accuracy(response))]
    }

    /// How the queries were answered, if they asked for a recall below 1.
    private func accuracy(_ response: SearchResponse) -> String {
        guard let recall = response.recall else { return "" }
        if recall.exact { return ", exact (\(recall.reason ?? "asked for"))" }
        guard let calibration = recall.calibration else { return ", approximate" }
        return ", recall \(recall.target), calibrated in generation \(calibration)"
    }
}
