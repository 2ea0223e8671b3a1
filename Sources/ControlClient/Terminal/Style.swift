internal import FoundationEssentials
internal import Glibc

/// Emphasis on a terminal; plain text anywhere else.
package struct Style {
    package let isColoured: Bool

    /// For standard output: coloured if it is a terminal that knows colours, and `NO_COLOR` is not set.
    package static let output = Style(isColoured: Terminal.understandsEscapes(STDOUT_FILENO) && !Terminal.forbidsColour)

    package func bold(_ text: String) -> String { wrap(text, "1") }
    package func dim(_ text: String) -> String { wrap(text, "2") }
    package func red(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String {
        isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
