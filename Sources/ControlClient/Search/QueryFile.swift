package import ShardFormats

/// The .npy file that holds the queries of a search.
package struct QueryFile {
    private let file: InputFile

    /// The file at `path`; `-` stands for standard input.
    package init(path: String) {
        file = InputFile(path: path)
    }

    /// The file's path, or "standard input", for messages.
    package var name: String { file.name }

    /// Reads all queries.
    ///
    /// - Returns: a matrix with one query in each row.
    /// - Throws: ``Failure``, with the name of the file, if it can't be read or is not an array of vectors.
    package func read() throws -> Matrix {
        let bytes = try file.contents()
        do {
            return try NPY.read(bytes)
        } catch {
            throw Failure(.dataRejected, "\(file.name): \(error.message) \(error.advice)")
        }
    }
}
