/// The file with texts to show beside ids: a line for each id, with the id, a tab and the text.
///
/// The ids can be those of images and references, and need not be in the corpus.
package struct TextsFile {
    private let path: String

    /// The file at `path`; `-` stands for standard input.
    package init(path: String) {
        self.path = path
    }

    /// Reads the texts; fields after the second are left out, and so are lines for an id that occurred before.
    ///
    /// - Returns: id -> text.
    /// - Throws: ``Failure`` if the file can't be read, or a line has no tab.
    package func read() throws -> [String: String] {
        let file = try TabSeparatedFile(path: path)
        let pairs = try file.lines.map { line in
            guard line.fields.count >= 2 else {
                throw file.failure(line: line.number, "has no tab; it must be an id, a tab and a text")
            }
            return (line.fields[0], line.fields[1])
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}
