/// Writes messages to standard output and standard error; a terminal shows the progress in a line of its own.
package struct Console {
    private let progressLine = ProgressLine()

    /// The console of this process.
    package init() {}

    /// Shows a message.
    ///
    /// - Throws: ``BrokenPipe`` or `SystemError` where standard output can't be written.
    package func show(_ message: ConsoleMessage) throws {
        switch message {
        case .progress(let done, let total, let text): progressLine.show(done: done, of: total, text: text)
        case .output(let line):
            progressLine.clear()
            try StandardOutput.write(lines: [line])
        case .error(let line):
            progressLine.clear()
            StandardError.write("nnnctl: \(line.onOneLine)\n")
        }
    }

    /// Removes the progress from the terminal.
    package func clearProgress() {
        progressLine.clear()
    }
}
