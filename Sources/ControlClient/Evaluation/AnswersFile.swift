/// The file with the right images of queries: a line for each query, with the ids separated by tabs.
package struct AnswersFile {
    private let path: String

    /// The file at `path`; `-` stands for standard input.
    package init(path: String) {
        self.path = path
    }

    /// Reads the answers; empty fields, such as those that a tab at the end of a line makes, are left out.
    ///
    /// - Parameters:
    ///   - count: the number of queries.
    ///   - queries: the name of the file of queries, for messages.
    /// - Returns: for each query at least one id.
    /// - Throws: ``Failure`` if the file can't be read, has another number of lines, or has a line without an id.
    package func read(forQueries count: Int, in queries: String) throws -> [[String]] {
        let file = try TabSeparatedFile(path: path)
        guard file.lines.count == count else {
            let lines = NumberFormat.count(file.lines.count, "line", "lines")
            throw Failure(
                .dataRejected,
                "\(file.name) has \(lines), and \(queries) has \(NumberFormat.count(count, "query", "queries")): "
                    + "write a line for each query, in the same order")
        }
        return try file.lines.map { line in
            let ids = line.fields.filter { !$0.isEmpty }
            guard !ids.isEmpty else {
                throw file.failure(
                    line: line.number,
                    "has no id: each query needs at least one right image; otherwise leave out this line and the query")
            }
            return ids
        }
    }
}
