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
