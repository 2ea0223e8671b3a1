internal import Glibc

/// Standard error; what can't be written to it is lost.
package enum StandardError {
    /// Writes a line and its end.
    package static func line(_ text: String) {
        write(text + "\n")
    }

    /// Writes text as it is.
    package static func write(_ text: String) {
        try? OpenFile.write(Array(text.utf8)[...], to: STDERR_FILENO, name: "standard error")
    }
}
