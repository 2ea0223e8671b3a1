internal import Glibc

/// Writes log lines to standard error.
package enum LogOutput {
    /// Whether standard error is connected to the journal.
    ///
    /// systemd sets `JOURNAL_STREAM` to the device and inode of the stream. They differ from those of standard error if
    /// that was redirected.
    package static func isJournal(_ environment: [String: String]) -> Bool {
        guard let name = environment["JOURNAL_STREAM"] else { return false }
        var info = stat()
        guard unsafe fstat(STDERR_FILENO, &info) == 0 else { return false }
        return name == "\(info.st_dev):\(info.st_ino)"
    }

    /// Writes a line and a line feed to standard error, in one system call if possible.
    ///
    /// A line that can't be written is dropped.
    @Sendable package static func write(_ line: String) {
        var bytes = line.utf8.map { $0 }[...]
        bytes.append(UInt8(ascii: "\n"))
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
