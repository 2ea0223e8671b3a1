internal import CLMDB
internal import Glibc

/// Ends the process with a clear message where a damaged data file would end it without one.
///
/// LMDB finds some damage by its assertions. A page that can't be read, behind the end of a file that was cut short or on
/// a broken disk, is a signal (SIGBUS) in the middle of an instruction that reads it: nothing can go on from there.
enum BrokenMap {
    // What to write: a handler of signals may not make texts.
    nonisolated(unsafe) private static var message: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var length = 0

    /// EX_DATAERR of sysexits.h.
    private static let status: Int32 = 65

    /// Says so for this environment, in `folder`; the last one counts.
    static func report(_ environment: OpaquePointer, folder: String) {
        let text = "nnnd: the store in \(folder) is damaged: a part of it can't be read; restore a copy of it\n"
        unsafe message = strdup(text)
        unsafe length = text.utf8.count
        unsafe mdb_env_set_assert(environment) { _, _ in BrokenMap.end() }
        var action = sigaction()
        unsafe action.__sigaction_handler.sa_handler = { _ in BrokenMap.end() }
        unsafe sigaction(SIGBUS, &action, nil)
    }

    private static func end() {
        if let message = unsafe message { _ = unsafe write(2, message, length) }
        _exit(status)
    }
}
