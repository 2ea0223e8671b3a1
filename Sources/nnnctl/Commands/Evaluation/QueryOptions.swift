import ArgumentParser
import ControlClient
import ShardFormats

/// The options that name queries and their answers.
struct QueryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The queries: an .npy file, or - for standard input.", valueName: "file"),
        completion: .file(extensions: ["npy"])
    )
    var queries: String?

    @Option(
        help: ArgumentHelp(
            "The right images: a line for each query, with one or more ids separated by tabs.", valueName: "file"),
        completion: .file()
    )
    var answers: String?

    func validate() throws {
        guard answers == nil || queries != nil else { throw ValidationError("'--answers' needs '--queries'.") }
        guard answers != "-" || queries != "-" else {
            throw ValidationError("Only one of '--queries' and '--answers' can be standard input.")
        }
    }

    /// Reads both files; `nil` for what is not given.
    func read() throws -> (queries: Matrix?, answers: [[String]]?) {
        guard let queries else { return (nil, nil) }
        let file = QueryFile(path: queries)
        let matrix = try file.read()
        let lists = try answers.map { try AnswersFile(path: $0).read(forQueries: matrix.rows, in: file.name) }
        return (matrix, lists)
    }
}
