internal import LMDB

extension Corpus {
    /// Writes a copy of the store, as one commit left it, to a descriptor: the content of a `data.mdb` of its own.
    ///
    /// Shards take effect and searches are answered meanwhile. Room that commits free is not used again until it is
    /// done.
    ///
    /// - Throws: `LMDBError` where the descriptor takes no more, or the store can't be read.
    package func writeCopy(to descriptor: Int32) throws {
        try environment.writeCopy(to: descriptor)
    }
}
