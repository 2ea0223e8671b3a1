internal import CLMDB
internal import Glibc
internal import Synchronization

/// Ends the process with a clear message where a damaged data file would end it without one.
///
/// LMDB finds some damage by its assertions. A page that can't be read, behind the end of a file that was cut short or on
/// a broken disk, is a signal (SIGBUS) in the middle of an instruction that reads it: nothing can go on from there.
enum BrokenMap {
    // What to write, made before: a handler of signals may not make texts. Never freed, as it may be read at any time.
    nonisolated(unsafe) private static let message = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 8192, alignment: 1)
    private static let length = Atomic(0)
    private static let isReporting = Mutex(())

    /// EX_DATAERR of sysexits.h.
    private static let status: Int32 = 65

    /// Says so for this environment, in `folder`; the last one counts.
    static func report(_ environment: OpaquePointer, folder: String) {
        let text = "nnnd: the store in \(folder) is damaged: a part of it can't be read; restore a copy of it\n"
        isReporting.withLock { _ in
            let bytes = unsafe text.utf8.prefix(message.count)
            unsafe message.copyBytes(from: bytes)
            length.store(bytes.count, ordering: .releasing)
            unsafe mdb_env_set_assert(environment) { _, _ in BrokenMap.end() }
            var action = sigaction()
            unsafe action.__sigaction_handler.sa_handler = { _ in BrokenMap.end() }
            unsafe sigaction(SIGBUS, &action, nil)
        }
    }

    private static func end() {
        _ = unsafe write(2, message.baseAddress, length.load(ordering: .acquiring))
        _exit(status)
    }
}
