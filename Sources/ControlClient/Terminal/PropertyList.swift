/// Names and their values, one a line, with the values aligned.
package struct PropertyList {
    private let entries: [(name: String, value: String)]

    /// A list in this order; an empty name continues the entry before it.
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
