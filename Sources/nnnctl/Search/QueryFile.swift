import Shards

/// The file that holds the queries of a search.
struct QueryFile {
    /// Its path; `-` stands for standard input.
    let path: String

    /// Reads all queries.
    ///
    /// - Throws: a ``Failure`` that names the file if it is missing or is not an array of vectors.
    func read() throws -> Matrix {
        let file = InputFile(path: path)
        let bytes = try file.contents()
        do {
            return try NPY.readQueries(bytes)
        } catch {
            throw Failure(.dataRefused, "\(file.name): \(error.message) \(error.advice)")
        }
    }
}
