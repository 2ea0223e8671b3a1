internal import WireAPI

extension DaemonClient {
    /// Copies the store into a new folder, which appears when the copy is complete and on the disk.
    ///
    /// - Parameters:
    ///   - folder: the folder's path; nothing or an empty folder must be there, and its parent must exist.
    ///   - progress: is called after each part, with the bytes written so far and an upper estimate of the total.
    /// - Returns: the number of bytes in the copy.
    /// - Throws: ``Failure``, the daemon's `Problem`, `SystemError`, `CancellationError`, and what `progress` throws.
    ///   In each case no folder is left.
    package func backup(
        toFolder folder: String, progress: (_ written: Int, _ expected: Int) throws -> Void
    ) async throws -> Int {
        let expected = try await status().value.store.bytes
        let backup = try BackupFolder(for: folder)
        var written = 0
        try await copyStore { part in
            try Task.checkCancellation()
            try backup.write(part)
            written += part.count
            try progress(written, expected)
        }
        try backup.place()
        return written
    }
}
