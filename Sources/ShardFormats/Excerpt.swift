/// Short, printable parts of untrusted files, for error messages.
enum Excerpt {
    private static let maximumScalars = 60
    private static let maximumRows = 5

    /// `text` in quotes, with control characters escaped, cut to 60 Unicode scalars.
    static func quote(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.prefix(maximumScalars))
        let isCut = text.unicodeScalars.dropFirst(maximumScalars).first != nil
        return String(scalars).debugDescription + (isCut ? "..." : "")
    }

    /// The subject and verb of a sentence about `rows`.
    ///
    /// It ends in the verb: "Row 3 (counted from 0) has" or "Rows 3 and 5 (counted from 0) have".
    static func have(_ rows: [Int]) -> String {
        let shown = rows.prefix(maximumRows).map(String.init)
        if shown.count == 1 { return "Row \(shown[0]) (counted from 0) has" }
        let start = shown.dropLast().joined(separator: ", ")
        let end = shown.last.map { last in rows.count > maximumRows ? ", \(last) and more" : " and \(last)" }
        return "Rows \(start)\(end ?? "") (counted from 0) have"
    }
}
