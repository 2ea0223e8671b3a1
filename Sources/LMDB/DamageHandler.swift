internal import CLMDB
internal import Synchronization

/// The handler for damage that LMDB does not return as an error: a failed assertion about the content of a page.
///
/// Without a handler, LMDB writes the assertion to standard error and calls `abort`.
///
/// A page that can't be read (the file was cut short, or the disk is broken) does not fail an assertion: the thread
/// that reads it gets SIGBUS. LMDB does not handle that signal, and this handler is not called.
package enum DamageHandler {
    private static let handler = Mutex<(@Sendable () -> Never)?>(nil)

    /// Sets the handler for all environments of the process.
    ///
    /// - Parameter handler: called by the thread whose call into LMDB failed. It must end the process, because LMDB
    ///   can't continue.
    package static func set(_ handler: @escaping @Sendable () -> Never) {
        Self.handler.withLock { $0 = handler }
    }

    /// Makes LMDB call the handler for assertions in `environment`, with `mdb_env_set_assert`.
    static func attach(to environment: OpaquePointer) throws(LMDBError) {
        try unsafe LMDBError.check(
            mdb_env_set_assert(environment) { _, _ in
                if let handler = DamageHandler.handler.withLock({ $0 }) { handler() }
            }, "mdb_env_set_assert")
    }
}
