/// The alignment of the text in a column.
enum Alignment {
    case leading
    case trailing
}

extension String {
    /// The text, padded with spaces to `width` columns of a terminal.
    func padded(to width: Int, alignment: Alignment) -> String {
        let space = String(repeating: " ", count: Swift.max(0, width - terminalWidth))
        return alignment == .leading ? self + space : space + self
    }
}
