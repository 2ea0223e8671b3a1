/// Where the text of a column stands.
package enum Alignment {
    case leading
    case trailing
}

extension String {
    /// The text with spaces, so that it takes `width` columns at least.
    package func padded(to width: Int, alignment: Alignment) -> String {
        let space = String(repeating: " ", count: Swift.max(0, width - terminalWidth))
        return alignment == .leading ? self + space : space + self
    }
}
