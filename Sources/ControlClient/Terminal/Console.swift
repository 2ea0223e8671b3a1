/// Writes messages to standard output and standard error.
///
/// If standard error is a terminal, its last line shows the progress and changes in place.
package struct Console {
    private let progressLine = ProgressLine()

    package init() {}

    /// Shows a message.
    ///
    /// - Throws: ``BrokenPipe`` or `SystemError` if standard output can't be written.
    package func show(_ message: ConsoleMessage) throws {
        switch message {
        case .progress(let done, let total, let text): progressLine.show(done: done, of: total, text: text)
        case .output(let line):
            progressLine.clear()
            try StandardOutput.write(lines: [line])
        case .error(let text):
            progressLine.clear()
            StandardError.write("nnnctl: \(text.onOneLine)\n")
        }
    }

    /// Removes the progress line from the terminal.
    package func clearProgress() {
        progressLine.clear()
    }
}
