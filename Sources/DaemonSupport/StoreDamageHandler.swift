internal import Glibc
internal import LMDB
internal import Synchronization

/// Ends the process with a clear message if it meets damage of the data file that it can't recover from.
///
/// LMDB finds some damage by its assertions (``LMDB/DamageHandler``). A page of the memory map can become
/// unreadable, because the file was cut short or the disk is broken. The thread that reads it then gets SIGBUS. In both
/// cases the thread can't continue.
package enum StoreDamageHandler {
    // A signal handler must not allocate, so the message is prepared. It is never freed: any thread may read it.
    nonisolated(unsafe) private static let message = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 8192, alignment: 1)
    private static let length = Atomic(0)
    private static let installLock = Mutex(())

    /// EX_DATAERR of sysexits.h: the same status as for damage that is reported as an error.
    private static let status: Int32 = 65

    /// Installs a handler for SIGBUS and one for LMDB's assertions.
    ///
    /// Call it before the store is opened.
    ///
    /// - Parameter folder: the folder of the store, which the message names; a later call replaces it.
    package static func install(folder: String) {
        let text = "nnnd: the store in \(folder) is damaged: a part of it can't be read; restore a copy of it\n"
        installLock.withLock { _ in
            let bytes = unsafe text.utf8.prefix(message.count)
            unsafe message.copyBytes(from: bytes)
            length.store(bytes.count, ordering: .releasing)
            DamageHandler.set { StoreDamageHandler.end() }
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { _ in StoreDamageHandler.end() }
            unsafe sigaction(SIGBUS, &action, nil)
        }
    }

    private static func end() -> Never {
        _ = unsafe write(2, message.baseAddress, length.load(ordering: .acquiring))
        _exit(status)
    }
}
