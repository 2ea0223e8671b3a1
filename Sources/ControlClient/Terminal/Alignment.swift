/// The side on which the text of a column stands.
enum Alignment {
    case leading
    case trailing
}

extension String {
    /// The text with as many spaces as it takes to fill `width` columns of a terminal.
    func padded(to width: Int, alignment: Alignment) -> String {
        let space = String(repeating: " ", count: Swift.max(0, width - terminalWidth))
        return alignment == .leading ? self + space : space + self
    }
}
