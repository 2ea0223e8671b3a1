internal import PosixSupport

/// The file of a report, which is replaced as a whole or not at all.
package struct ReportFile {
    private let path: String

    /// Checks that a file can be written at `path`, so that a mistake is found before a long evaluation.
    ///
    /// - Throws: ``Failure`` if the path is that of a folder or another thing that is no file, or its folder is missing;
    ///   `SystemError`.
    package init(path: String) throws {
        self.path = path
        guard !path.isEmpty, path.utf8.last != UInt8(ascii: "/") else {
            throw Failure(.inputOutput, "'\(path)' can't be a report; name a file, such as report.html")
        }
        if let entry = try FileSystem.entry(path) {
            guard entry.kind != .folder else {
                throw Failure(.inputOutput, "\(path) is a folder; name a file, such as \(path)/report.html")
            }
            guard entry.isRegularFile else {
                throw Failure(.inputOutput, "\(path) is not a regular file; name a new file, or one to replace")
            }
        }
        let parent = FileSystem.parent(of: path) ?? (path.hasPrefix("/") ? "/" : ".")
        guard try FileSystem.entry(parent, followsLinks: true)?.kind == .folder else {
            throw Failure(.noInput, "the folder \(parent) does not exist; make it, or name another one")
        }
    }

    /// Writes the file: under a hidden name first, then renames it.
    ///
    /// - Throws: `SystemError`; the old file is then unchanged.
    package func write(_ content: String) throws {
        try FileSystem.writeAtomically(Array(content.utf8), to: path)
    }
}
