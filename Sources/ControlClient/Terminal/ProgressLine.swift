internal import Glibc

/// One line on standard error that changes in place; nothing at all if that is no terminal.
package struct ProgressLine {
    private static let barLength = 24

    private let isShown = Terminal.understandsEscapes(STDERR_FILENO)

    /// A line that shows nothing yet.
    package init() {}

    /// Shows a bar and a text instead of what was there.
    package func show(done: Int, of total: Int, text: String) {
        guard isShown else { return }
        let filled = total > 0 ? done * Self.barLength / total : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: Self.barLength - filled)
        StandardError.write("\r\u{1b}[K[\(bar)] \(text)")
    }

    /// Takes the line away.
    package func clear() {
        if isShown { StandardError.write("\r\u{1b}[K") }
    }
}
