import Glibc

/// Standard error; what can't be written to it is lost.
enum StandardError {
    /// Writes a line and its end.
    static func line(_ text: String) {
        write(text + "\n")
    }

    /// Writes text as it is.
    static func write(_ text: String) {
        try? OpenFile.write(Array(text.utf8)[...], to: STDERR_FILENO, name: "standard error")
    }
}
