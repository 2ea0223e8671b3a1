internal import LMDB

extension Corpus {
    /// Writes a copy of the store to a file descriptor: one snapshot, in the format of LMDB's `data.mdb`.
    ///
    /// Commits and searches continue during the copy. LMDB can't reuse pages that commits free before the copy is
    /// complete, so the data file can grow.
    ///
    /// - Throws: `LMDBError` if writing to the descriptor fails or the store can't be read.
    package func writeCopy(to descriptor: Int32) throws {
        try environment.writeCopy(to: descriptor)
    }
}
