internal import Glibc
internal import LMDB
internal import Synchronization

/// Ends the process with a clear message where a damaged data file would end it without one.
///
/// LMDB finds some damage by assertions (``LMDB/DamageHandler``). A page that can't be read, behind the end of a file
/// that was cut short or on a broken disk, is a signal (SIGBUS) in the middle of an instruction that reads it. The
/// thread can't continue in either case.
package enum StoreDamageSignal {
    // Written before the signal can come, as a signal handler must not allocate. Never freed: any thread may read it.
    nonisolated(unsafe) private static let message = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 8192, alignment: 1)
    private static let length = Atomic(0)
    private static let isInstalling = Mutex(())

    /// EX_DATAERR of sysexits.h, as for damage that is found in other ways.
    private static let status: Int32 = 65

    /// Installs the signal handler and LMDB's, for the store in `folder`; a later call replaces the message.
    ///
    /// Call it before the store is opened.
    package static func install(folder: String) {
        let text = "nnnd: the store in \(folder) is damaged: a part of it can't be read; restore a copy of it\n"
        isInstalling.withLock { _ in
            let bytes = unsafe text.utf8.prefix(message.count)
            unsafe message.copyBytes(from: bytes)
            length.store(bytes.count, ordering: .releasing)
            DamageHandler.set { StoreDamageSignal.end() }
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { _ in StoreDamageSignal.end() }
            unsafe sigaction(SIGBUS, &action, nil)
        }
    }

    private static func end() -> Never {
        _ = unsafe write(2, message.baseAddress, length.load(ordering: .acquiring))
        _exit(status)
    }
}
