internal import WireAPI

extension DaemonClient {
    /// Copies the store into a new folder, which gets its name when the copy is complete and on the disk.
    ///
    /// - Parameters:
    ///   - folder: the folder's path; nothing or an empty folder must be there, and its parent must exist.
    ///   - progress: is called with the bytes written so far, and with about how many there will be.
    /// - Returns: the number of bytes in the copy.
    /// - Throws: ``Failure``, the daemon's `Problem`, `SystemError` or `CancellationError`; nothing is left then.
    package func backup(
        toFolder folder: String, progress: (_ written: Int, _ expected: Int) throws -> Void
    ) async throws -> Int {
        let expected = try await status().value.store.bytes
        let backup = try BackupFolder(for: folder)
        var written = 0
        try await self.backup { part in
            try Task.checkCancellation()
            try backup.write(part)
            written += part.count
            try progress(written, expected)
        }
        try backup.place()
        return written
    }
}
