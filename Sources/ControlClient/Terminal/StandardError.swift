internal import Glibc
internal import PosixSupport

/// Writes to standard error; text that can't be written is dropped.
enum StandardError {
    /// Writes text as it is.
    static func write(_ text: String) {
        try? DescriptorIO.write(Array(text.utf8)[...], to: STDERR_FILENO, name: "standard error")
    }
}
