import Glibc

/// A file that the command line names and whose content is wanted whole: a pipe will do.
struct InputFile {
    /// Its path; `-` stands for standard input.
    let path: String

    /// What to call it.
    var name: String { path == "-" ? "standard input" : path }

    /// All of its bytes.
    ///
    /// - Throws: a ``Failure`` with the reason why it can't be read.
    func contents() throws -> [UInt8] {
        do {
            if path == "-" { return try OpenFile.contents(of: STDIN_FILENO, name: name) }
            return try OpenFile(reading: path).contents()
        } catch {
            throw Failure(.noInput, error.description)
        }
    }
}
