internal import Glibc

/// An exclusive lock on a file or folder (flock(2)), which is held until the value is destroyed.
///
/// The lock is advisory: it has no effect on programs that don't lock the file. The system releases the lock when the
/// process ends.
package struct FileLock: ~Copyable, Sendable {
    private let file: OpenFile

    /// Locks a folder.
    ///
    /// Waits while another process or descriptor holds its lock.
    package init(waitingFor folder: String) throws(SystemError) {
        let file = try OpenFile(folder: folder)
        try systemCall("lock \(folder)") { flock(file.descriptor, LOCK_EX) }
        self.file = file
    }

    /// Locks the file at `path`, if nobody holds its lock.
    ///
    /// Creates the file with mode 0600 if it doesn't exist.
    ///
    /// - Returns: `nil` if another process or descriptor holds the lock.
    package static func tryLock(_ path: String) throws(SystemError) -> FileLock? {
        let file = try OpenFile(path, flags: O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        do throws(SystemError) {
            try systemCall("lock \(path)") { flock(file.descriptor, LOCK_EX | LOCK_NB) }
        } catch {
            if error.number == EWOULDBLOCK { return nil }
            throw error
        }
        return FileLock(file)
    }

    private init(_ file: consuming OpenFile) {
        self.file = file
    }
}
