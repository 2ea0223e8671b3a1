internal import PosixSupport
package import SpoolProtocol

/// An exclusive lock on a file in the spool, so that no second daemon uses it.
///
/// It is held until the process ends.
package final class SpoolLock: Sendable {
    private let lock: FileLock

    /// Locks a spool.
    ///
    /// - Throws: ``StartupError`` if another process holds the lock.
    package init(_ folders: SpoolFolders) throws {
        guard let lock = try FileLock.tryLock(folders.lock) else {
            throw StartupError(
                "the spool \(folders.root) is in use by another process; stop that one first", .unavailable)
        }
        self.lock = lock
    }
}
