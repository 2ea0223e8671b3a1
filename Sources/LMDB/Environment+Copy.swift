internal import CLMDB

extension Environment {
    /// Writes a copy of the last commit to a file descriptor, for example a pipe: a complete data file without free
    /// pages.
    ///
    /// It calls `mdb_env_copyfd2` with `MDB_CP_COMPACT`. The copy is one snapshot, and commits don't wait for it. LMDB
    /// can't reuse pages that commits free during the copy, so the data file grows if the reader of the pipe is slow.
    ///
    /// - Throws: ``LMDBError`` with a system error number if writing fails (`EPIPE` if the reader has closed the pipe);
    ///   with ``LMDBError/isDamage`` if a page in use is damaged.
    package func writeCopy(to descriptor: Int32) throws(LMDBError) {
        try unsafe LMDBError.check(mdb_env_copyfd2(handle, descriptor, UInt32(MDB_CP_COMPACT)), "mdb_env_copyfd2")
    }
}

extension Environment {
    /// Copies all keys and values of a database to an empty database of another environment.
    ///
    /// They are read in one snapshot and written in several commits.
    ///
    /// - Parameters:
    ///   - database: the database to read.
    ///   - target: the database of `other` to write to; it must have the same order of keys.
    ///   - other: the environment to write to.
    ///   - bytesPerCommit: the number of bytes of keys and values after which a commit ends. LMDB keeps changed pages
    ///     in memory until the commit.
    ///   - afterEachCommit: called after each commit; if it throws, the copying ends.
    /// - Throws: ``LMDBError``, with ``LMDBError/isDamage`` if the keys are not in order; what `afterEachCommit`
    ///   throws.
    package func copy(
        _ database: Database, to target: Database, of other: Environment, bytesPerCommit: Int,
        afterEachCommit: () throws -> Void
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
                try afterEachCommit()
            }
        }
    }
}
