internal import Glibc
internal import LMDB

/// An exclusive flock(2) on `nnnd.lock` in the folder of a store, which keeps a second process off the store.
@safe final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; it is released with the object or the process.
    ///
    /// - Throws: ``StoreError/inUse`` when another process holds it, or `LMDBError` with the error number.
    init(folder: String) throws {
        let descriptor = unsafe open(folder + "/nnnd.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw LMDBError(code: errno, operation: "open nnnd.lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw StoreError.inUse
        }
        self.descriptor = descriptor
    }

    /// Whether the lock file records that a store has been made in the folder.
    private var hasStore: Bool { lseek(descriptor, 0, SEEK_END) > 0 }

    /// Whether the data file is empty although a store has been made; LMDB would begin a new store in it.
    func hasLostStore(folder: String) -> Bool {
        var info = stat()
        return unsafe stat(folder + "/data.mdb", &info) == 0 && info.st_size == 0 && hasStore
    }

    /// Records in the lock file that a store has been made.
    func noteStore() {
        if !hasStore { _ = unsafe write(descriptor, "a store is here\n", 16) }
    }

    deinit {
        close(descriptor)
    }
}
