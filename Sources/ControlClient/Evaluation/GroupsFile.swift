/// The file with the labels of images for group measures: a line for each image, with its id, a tab and its label.
package struct GroupsFile {
    private let path: String

    /// The file at `path`; `-` stands for standard input.
    package init(path: String) {
        self.path = path
    }

    /// Reads the labels.
    ///
    /// - Returns: id -> label.
    /// - Throws: ``Failure`` if the file can't be read or is empty, if a line is not an id, a tab and a label, or if an
    ///   id has two labels.
    package func read() throws -> [String: String] {
        let file = try TabSeparatedFile(path: path)
        guard !file.lines.isEmpty else {
            throw Failure(
                .dataRejected, "\(file.name) is empty; write a line for each image: its id, a tab and its label")
        }
        var labels: [String: String] = [:]
        for line in file.lines {
            guard line.fields.count == 2, !line.fields.contains("") else {
                throw file.failure(line: line.number, "must be an id, a tab and a label")
            }
            let (id, label) = (line.fields[0], line.fields[1])
            if let other = labels.updateValue(label, forKey: id), other != label {
                throw file.failure(
                    line: line.number,
                    "labels '\(id.printable)' as '\(label.printable)', and a line before it as '\(other.printable)'; "
                        + "keep one of them")
            }
        }
        return labels
    }
}
