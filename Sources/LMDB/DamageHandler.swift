internal import CLMDB
internal import Synchronization

/// The handler for damage that LMDB finds where it can't return an error: a failed assertion about a page.
///
/// Without a handler LMDB writes a line about the assertion to standard error and calls `abort`. A page that can't be
/// read, because the file was cut short or the disk is broken, is no assertion but the signal SIGBUS in the thread that
/// reads it; LMDB leaves that signal alone.
package enum DamageHandler {
    private static let handler = Mutex<(@Sendable () -> Never)?>(nil)

    /// Sets what ends the process when an assertion fails in any environment that is open, or opened later.
    ///
    /// - Parameter handler: called by the thread whose call into LMDB failed, which must not return into LMDB.
    package static func set(_ handler: @escaping @Sendable () -> Never) {
        Self.handler.withLock { $0 = handler }
    }

    /// Has LMDB call the handler for `environment`.
    ///
    /// The corresponding C function is `mdb_env_set_assert`.
    static func attach(to environment: OpaquePointer) throws(LMDBError) {
        try unsafe LMDBError.check(
            mdb_env_set_assert(environment) { _, _ in
                if let handler = DamageHandler.handler.withLock({ $0 }) { handler() }
            }, "mdb_env_set_assert")
    }
}
