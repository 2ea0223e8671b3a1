import ArgumentParser

/// The options that add comparisons to an evaluation.
struct ComparisonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Labels of images for group measures of neutral queries: a line for each image, with its id, a tab and "
                + "its label.", valueName: "file"),
        completion: .file()
    )
    var groups: String?

    @Option(
        help: ArgumentHelp(
            "How many images the group measures are over, such as 6,10 (default: 6,10).", valueName: "list"))
    var groupSizes: NumberList<Int>?

    @Flag(help: "Compare with other methods against hubness, each with its parameters chosen by the same halves.")
    var baselines = false

    @Flag(help: "Measure the gain with fewer references, and how near the queries are to the references.")
    var referenceCurve = false

    func validate() throws {
        guard groupSizes == nil || groups != nil else { throw ValidationError("'--group-sizes' needs '--groups'.") }
    }
}
