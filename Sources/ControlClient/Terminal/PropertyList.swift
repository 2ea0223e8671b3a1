/// A list of names and values, one pair per line, with the values aligned.
package struct PropertyList {
    private let entries: [(name: String, value: String)]

    /// - Parameter entries: the names and values in order; an entry with an empty name continues the one before it.
    package init(_ entries: [(String, String)]) {
        self.entries = entries
    }

    /// The lines, each after `indent` spaces.
    package func lines(style: TextStyle, indent: Int) -> [String] {
        let width = entries.reduce(0) { max($0, $1.name.terminalWidth) }
        return entries.map { name, value in
            let margin = String(repeating: " ", count: indent)
            return margin + style.dim(name.padded(to: width, alignment: .leading)) + "  " + value
        }
    }
}
