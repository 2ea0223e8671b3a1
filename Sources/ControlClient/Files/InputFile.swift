internal import Glibc

/// A file that the command line names and whose content is wanted whole: a pipe will do.
package struct InputFile {
    /// Its path; `-` stands for standard input.
    package let path: String

    /// Makes the value from its parts.
    package init(path: String) {
        self.path = path
    }

    /// What to call it.
    package var name: String { path == "-" ? "standard input" : path }

    /// All of its bytes.
    ///
    /// - Throws: a ``Failure`` with the reason why it can't be read.
    package func contents() throws -> [UInt8] {
        do {
            if path == "-" { return try OpenFile.contents(of: STDIN_FILENO, name: name) }
            return try OpenFile(reading: path).contents()
        } catch {
            throw Failure(.noInput, error.description)
        }
    }
}
