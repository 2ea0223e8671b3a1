internal import Glibc

/// A line on standard error that changes in place; nothing is shown if standard error is not a terminal.
struct ProgressLine {
    /// The length of the bar in characters.
    private static let barLength = 24

    private let isShown = Terminal.understandsEscapes(STDERR_FILENO)

    /// Replaces the line by a bar and a text.
    func show(done: Int, of total: Int, text: String) {
        if isShown { StandardError.write("\r\u{1b}[K\(Self.line(done: done, of: total, text: text))") }
    }

    /// Removes the line.
    func clear() {
        if isShown { StandardError.write("\r\u{1b}[K") }
    }

    private static func line(done: Int, of total: Int, text: String) -> String {
        let filled = total > 0 ? min(done, total) * barLength / total : 0
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barLength - filled)
        return "[\(bar)] \(text)"
    }
}
