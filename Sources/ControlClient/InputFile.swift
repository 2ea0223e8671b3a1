internal import Glibc
internal import PosixSupport

/// A file that the command line names, and whose content is read whole; a pipe will do.
package struct InputFile {
    /// The path; `-` stands for standard input.
    let path: String

    /// The file at `path`.
    package init(path: String) {
        self.path = path
    }

    /// The path, or "standard input".
    var name: String { path == "-" ? "standard input" : path }

    /// Reads all bytes.
    ///
    /// - Throws: ``Failure`` with the reason why the file can't be read.
    package func contents() throws -> [UInt8] {
        do {
            if path == "-" { return try DescriptorIO.readToEnd(STDIN_FILENO, name: name) }
            return try OpenFile(reading: path).readToEnd()
        } catch {
            throw Failure(.noInput, error.description)
        }
    }
}
