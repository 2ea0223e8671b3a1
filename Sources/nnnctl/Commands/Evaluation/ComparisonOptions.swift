import ArgumentParser

/// The options that add comparisons to an evaluation.
struct ComparisonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Labels of images, to measure how evenly queries that ask for no label find them: a line for each image, "
                + "with its id, a tab and its label.", valueName: "file"),
        completion: .file()
    )
    var groups: String?

    @Option(
        help: ArgumentHelp(
            "The numbers of first images over which labels are counted, such as 6,10 (default: 6,10).",
            valueName: "list"))
    var groupSizes: NumberList<Int>?

    @Flag(help: "Compare with other methods against hubness. Their parameters are chosen as k and alpha are.")
    var baselines = false

    @Flag(help: "Measure the gain with fewer references, and how near the queries are to the references.")
    var referenceCurve = false

    /// Checks that the files that the options need are given.
    func validate(_ files: QueryOptions) throws {
        guard groups == nil || files.queries != nil else { throw ValidationError("'--groups' needs '--queries'.") }
        guard !baselines || files.answers != nil else { throw ValidationError("'--baselines' needs '--answers'.") }
        guard !referenceCurve || files.answers != nil else {
            throw ValidationError("'--reference-curve' needs '--answers'.")
        }
    }

    func validate() throws {
        guard groupSizes == nil || groups != nil else { throw ValidationError("'--group-sizes' needs '--groups'.") }
    }
}
