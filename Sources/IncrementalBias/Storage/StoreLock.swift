internal import Glibc
internal import LMDB

/// An exclusive lock (flock(2)) on `nnnd.lock` in the folder of a store, so that only one process uses the store.
@safe final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// It is released when the object is deallocated or the process ends.
    ///
    /// - Throws: ``StoreError/inUse`` if another process holds it; `LMDBError` with the system's error number.
    init(folder: String) throws {
        let descriptor = unsafe open(folder + "/nnnd.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open nnnd.lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StoreError.inUse
        }
        self.descriptor = descriptor
    }

    /// Whether the lock file says that the folder has a store: the file is not empty.
    private var recordsStore: Bool { lseek(descriptor, 0, SEEK_END) > 0 }

    /// Whether the folder had a store and its data file is empty now.
    ///
    /// LMDB would start an empty environment in the file.
    func hasLostStore(folder: String) -> Bool {
        var info = stat()
        return unsafe stat(folder + "/data.mdb", &info) == 0 && info.st_size == 0 && recordsStore
    }

    /// Writes to the lock file that the folder has a store.
    func recordStore() {
        if !recordsStore { _ = unsafe write(descriptor, "a store is here\n", 16) }
    }

    deinit {
        close(descriptor)
    }
}
