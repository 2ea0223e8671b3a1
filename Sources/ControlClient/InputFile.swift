internal import Glibc
internal import PosixSupport

/// A file that the command line names and that is read whole; it can be a pipe.
package struct InputFile {
    /// The path; `-` stands for standard input.
    let path: String

    /// - Parameter path: the path; `-` for standard input.
    package init(path: String) {
        self.path = path
    }

    /// The path, or "standard input", for messages.
    var name: String { path == "-" ? "standard input" : path }

    /// Reads all bytes.
    ///
    /// - Throws: ``Failure`` if the file can't be read.
    package func contents() throws -> [UInt8] {
        do {
            if path == "-" { return try DescriptorIO.readToEnd(STDIN_FILENO, name: name) }
            return try OpenFile(reading: path).readToEnd()
        } catch {
            throw Failure(.noInput, error.description)
        }
    }
}
