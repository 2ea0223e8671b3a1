import FoundationEssentials
import Glibc

/// Emphasis on a terminal; plain text anywhere else.
struct Style {
    let isColoured: Bool

    /// For standard output: coloured if it is a terminal that knows colours, and `NO_COLOR` is not set.
    static let output = Style(isColoured: Terminal.understandsEscapes(STDOUT_FILENO) && !Terminal.forbidsColour)

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func red(_ text: String) -> String { wrap(text, "31") }

    private func wrap(_ text: String, _ code: String) -> String {
        isColoured && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
