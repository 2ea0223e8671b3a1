/// A text file of records, one a line, whose fields are separated by tabs: UTF-8, with LF or CR LF after each line.
///
/// A byte order mark at the start is skipped.
struct TabSeparatedFile {
    /// One record.
    struct Line {
        /// The number of the line, from 1.
        let number: Int
        let fields: [String]
    }

    /// The file's path, or "standard input", for messages.
    let name: String
    let lines: [Line]

    /// Reads the file at `path`; `-` stands for standard input.
    ///
    /// - Throws: ``Failure`` if the file can't be read, or is not UTF-8.
    init(path: String) throws {
        let file = InputFile(path: path)
        name = file.name
        lines = try Self.lines(of: try file.contents(), name: name)
    }

    /// The error for one line.
    ///
    /// - Parameter fault: what is wrong and what to do, as a text that follows "line N".
    func failure(line number: Int, _ fault: String) -> Failure {
        Failure(.dataRejected, "\(name): line \(number) \(fault)")
    }

    private static func lines(of bytes: [UInt8], name: String) throws -> [Line] {
        let mark: [UInt8] = [0xef, 0xbb, 0xbf]
        let text = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
        var parts = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        return try parts.enumerated().map { index, part in
            let content = part.last == UInt8(ascii: "\r") ? part.dropLast() : part
            let fields = content.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
            return Line(
                number: index + 1,
                fields: try fields.map { field in
                    guard let text = String(validating: field, as: UTF8.self) else {
                        throw Failure(
                            .dataRejected, "\(name): line \(index + 1) is not UTF-8; save the file in that encoding")
                    }
                    return text
                })
        }
    }
}
