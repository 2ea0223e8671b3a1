/// Names and what is to be said of each, aligned.
package struct Facts {
    private let entries: [(name: String, value: String)]

    /// Entries in their order; an empty name goes on with the one before.
    package init(_ entries: [(String, String)]) {
        self.entries = entries
    }

    /// A line for each.
    package func lines(style: Style, indent: Int) -> [String] {
        let width = entries.reduce(0) { max($0, $1.name.terminalWidth) }
        return entries.map { name, value in
            let margin = String(repeating: " ", count: indent)
            return margin + style.dim(name.padded(to: width, alignment: .leading)) + "  " + value
        }
    }
}
