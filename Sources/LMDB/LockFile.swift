internal import Glibc

/// The file `lock.mdb`, which contains LMDB's table of readers.
enum LockFile {
    /// Creates the lock file, and allocates its disk blocks before LMDB maps it.
    ///
    /// Without that, the first access to the map on a full disk would end the process with SIGBUS.
    ///
    /// - Throws: ``LMDBError`` with a system error number.
    static func allocate(_ folder: String, mode: UInt32) throws(LMDBError) {
        let descriptor = unsafe open("\(folder)/lock.mdb", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open lock.mdb") }
        defer { close(descriptor) }
        // The size of LMDB's table for 126 readers, rounded up to whole pages.
        let failure = posix_fallocate(descriptor, 0, 8192)
        guard failure == 0 else { throw LMDBError(code: failure, operation: "allocate lock.mdb") }
    }
}
