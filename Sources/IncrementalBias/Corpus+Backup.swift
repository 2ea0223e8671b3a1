internal import LMDB

extension Corpus {
    /// Writes a copy of the store to a descriptor: the content of a `data.mdb`, as one commit left it.
    ///
    /// Commits and searches go on meanwhile. Pages that commits free are not used again before the copy is complete.
    ///
    /// - Throws: `LMDBError` where the descriptor takes no more, or the store can't be read.
    package func writeCopy(to descriptor: Int32) throws {
        try environment.writeCopy(to: descriptor)
    }
}
