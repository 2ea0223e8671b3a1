import ArgumentParser

/// The options of the commands that list images or references.
struct ListingOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Begin after this id (default: with the first id).", valueName: "id"))
    var after = ""

    @Option(help: ArgumentHelp("The maximum number of lines (default: all).", valueName: "n"))
    var limit: Int?

    @Flag(help: "Print a line of JSON for each id.")
    var json = false

    func validate() throws {
        guard limit ?? 1 > 0 else { throw ValidationError("'--limit' must be 1 or more.") }
    }
}
