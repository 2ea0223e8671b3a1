internal import CLMDB

extension Environment {
    /// Writes a copy of the last commit to a descriptor, a pipe say: a whole data file, without free pages.
    ///
    /// It is one snapshot, whatever is written meanwhile; no write waits for it. Pages that later writes free are not
    /// used again until it is done, so the data file grows while somebody takes the copy slowly.
    /// The corresponding C function is `mdb_env_copyfd2`, with `MDB_CP_COMPACT`.
    ///
    /// - Throws: ``LMDBError``: a system error number where the descriptor takes no more (`EPIPE`: nobody reads it), or
    ///   damage, which the walk through all trees meets.
    package func writeCopy(to descriptor: Int32) throws(LMDBError) {
        try unsafe LMDBError.check(mdb_env_copyfd2(handle, descriptor, UInt32(MDB_CP_COMPACT)), "mdb_env_copyfd2")
    }
}

extension Environment {
    /// Copies every key and value of `database`, as one snapshot has them, into an empty database of another environment.
    ///
    /// - Parameters:
    ///   - target: the database of `other` that they go to; keys compare there as they do here.
    ///   - bytesPerCommit: after about so many bytes there is a commit, which bounds the memory for changed pages.
    ///   - advance: is called after each commit; what it throws ends the work.
    /// - Throws: ``LMDBError``, damage where the keys are not in their order.
    package func copy(
        _ database: Database, to target: Database, of other: Environment, bytesPerCommit: Int,
        advance: () throws -> Void
    ) throws {
        try read { source in
            let cursor = try unsafe source.cursor(database)
            defer { unsafe mdb_cursor_close(cursor) }
            var key = unsafe MDB_val()
            var value = unsafe MDB_val()
            var isLeft = try unsafe LMDBError.found(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), "mdb_cursor_get")
            while isLeft {
                try other.write { transaction in
                    var bytes = 0
                    while isLeft, bytes < bytesPerCommit {
                        let code = unsafe mdb_put(
                            transaction.handle, target.handle, &key, &value, UInt32(MDB_APPEND))
                        guard code != MDB_KEYEXIST else { throw LMDBError.wrongOrder(database) }
                        try LMDBError.check(code, "mdb_put")
                        unsafe bytes += key.mv_size + value.mv_size
                        isLeft = try unsafe LMDBError.found(
                            mdb_cursor_get(cursor, &key, &value, MDB_NEXT), "mdb_cursor_get")
                    }
                }
                try advance()
            }
        }
    }
}
