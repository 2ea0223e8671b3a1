internal import Glibc

/// The file `lock.mdb`, in which LMDB keeps its table of readers.
enum LockFile {
    /// Allocates the lock file's blocks before LMDB maps it.
    ///
    /// On a full disk the first access to a page without a block would end the process (SIGBUS).
    static func allocate(_ folder: String, mode: UInt32) throws(LMDBError) {
        let descriptor = unsafe open("\(folder)/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open lock.mdb") }
        defer { close(descriptor) }
        // The bytes that LMDB uses for 126 readers, in whole pages.
        let failure = posix_fallocate(descriptor, 0, 8192)
        guard failure == 0 else { throw LMDBError(code: failure, operation: "allocate lock.mdb") }
    }
}
