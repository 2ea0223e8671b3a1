package import ShardFormats

/// The file that holds the queries of a search.
package struct QueryFile {
    /// Its path; `-` stands for standard input.
    package let path: String

    /// Makes the value from its parts.
    package init(path: String) {
        self.path = path
    }

    /// Reads all queries.
    ///
    /// - Throws: a ``Failure`` that names the file if it is missing or is not an array of vectors.
    package func read() throws -> Matrix {
        let file = InputFile(path: path)
        let bytes = try file.contents()
        do {
            return try NPY.readQueries(bytes)
        } catch {
            throw Failure(.dataRefused, "\(file.name): \(error.message) \(error.advice)")
        }
    }
}
