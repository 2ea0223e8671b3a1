import Glibc
import Shards

/// The file that holds the queries of a search.
struct QueryFile {
    /// Its path; `-` stands for standard input.
    let path: String

    /// Reads all queries.
    ///
    /// - Throws: a ``Failure`` that names the file if it is missing or is not an array of vectors.
    func read() throws -> Matrix {
        let bytes = try contents()
        do {
            return try NPY.readQueries(bytes)
        } catch {
            throw Failure(.dataRefused, "\(name): \(error.message) \(error.advice)")
        }
    }

    private var name: String { path == "-" ? "standard input" : path }

    private func contents() throws -> [UInt8] {
        do {
            if path == "-" { return try OpenFile.contents(of: STDIN_FILENO, name: name) }
            return try OpenFile(reading: path).contents()
        } catch {
            throw Failure(.noInput, error.description)
        }
    }
}
