internal import CLMDB

extension Environment {
    /// Writes a copy of the last commit to a descriptor, such as a pipe: a complete data file without free pages.
    ///
    /// The copy is one snapshot, and writes don't wait for it. LMDB can't reuse pages that are freed meanwhile, so the
    /// data file grows while a slow reader takes the copy. The corresponding C function is `mdb_env_copyfd2`, with
    /// `MDB_CP_COMPACT`.
    ///
    /// - Throws: ``LMDBError``: a system error number where writing fails (`EPIPE`: the reader has closed the pipe), or
    ///   ``LMDBError/isDamage``, as the copy reads all pages in use.
    package func writeCopy(to descriptor: Int32) throws(LMDBError) {
        try unsafe LMDBError.check(mdb_env_copyfd2(handle, descriptor, UInt32(MDB_CP_COMPACT)), "mdb_env_copyfd2")
    }
}

extension Environment {
    /// Copies all keys and values of one snapshot of `database` into an empty database of another environment.
    ///
    /// - Parameters:
    ///   - target: the database of `other` to write to; it has the same order of keys.
    ///   - bytesPerCommit: the bytes after which to commit, about; they bound the memory for changed pages.
    ///   - advance: called after each commit; an error that it throws ends the copying.
    /// - Throws: ``LMDBError``, with ``LMDBError/isDamage`` where the keys are not in order.
    package func copy(
        _ database: Database, to target: Database, of other: Environment, bytesPerCommit: Int,
        advance: () throws -> Void
    ) throws {
        try read { source in
            let cursor = try unsafe source.cursor(database)
            defer { unsafe mdb_cursor_close(cursor) }
            var key = unsafe MDB_val()
            var value = unsafe MDB_val()
            var hasNext = try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), "mdb_cursor_get")
            while hasNext {
                try other.write { transaction in
                    var bytes = 0
                    while hasNext, bytes < bytesPerCommit {
                        let code = unsafe mdb_put(
                            transaction.handle, target.handle, &key, &value, UInt32(MDB_APPEND))
                        guard code != MDB_KEYEXIST else { throw LMDBError.wrongOrder(database) }
                        try LMDBError.check(code, "mdb_put")
                        unsafe bytes += key.mv_size + value.mv_size
                        hasNext = try unsafe LMDBError.found(
                            mdb_cursor_get(cursor, &key, &value, MDB_NEXT), "mdb_cursor_get")
                    }
                }
                try advance()
            }
        }
    }
}
