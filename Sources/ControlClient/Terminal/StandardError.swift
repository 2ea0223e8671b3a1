internal import Glibc
internal import PosixSupport

/// Standard error; text that can't be written to it is lost.
enum StandardError {
    /// Writes text as it is.
    static func write(_ text: String) {
        try? DescriptorIO.write(Array(text.utf8)[...], to: STDERR_FILENO, name: "standard error")
    }
}
