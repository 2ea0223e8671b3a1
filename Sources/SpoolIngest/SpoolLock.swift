internal import Glibc
internal import PosixSupport
package import SpoolProtocol

/// Keeps a second daemon off a spool: an exclusive flock(2) on a file in it, held until the process ends.
@safe package final class SpoolLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a spool.
    ///
    /// - Throws: ``StartupError`` when another process holds it.
    package init(_ folders: SpoolFolders) throws {
        let path = folders.lock
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StartupError(
                "the spool \(folders.root) is in use by another process; stop that one first", .unavailable)
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
