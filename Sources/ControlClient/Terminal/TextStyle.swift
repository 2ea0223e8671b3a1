internal import Glibc

/// Formats text with bold and colours, or leaves it plain.
package struct TextStyle: Sendable {
    /// Whether texts get escape sequences.
    let isColoured: Bool

    package init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    /// The style of standard output: coloured if it is a terminal that supports colours, and `NO_COLOR` is not set.
    package static let output = TextStyle(
        isColoured: Terminal.understandsEscapes(STDOUT_FILENO) && !Terminal.forbidsColour)

    /// The text in bold.
    package func bold(_ text: String) -> String { wrap(text, "1") }
    /// The text in a weaker colour.
    package func dim(_ text: String) -> String { wrap(text, "2") }
    /// The text in red.
    package func red(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String {
        isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
