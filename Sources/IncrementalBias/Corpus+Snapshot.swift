internal import LMDB
package import ShardFormats

extension Corpus {
    /// Calls `body` with a snapshot of the corpus, for computations that read all images.
    ///
    /// The snapshot stays open during the call. LMDB can't reuse pages that commits free meanwhile.
    ///
    /// - Parameters:
    ///   - moment: the moment for the snapshot's ``CorpusSnapshot/newReferences``; `nil` if they are not needed.
    ///   - isCancelled: called between two pieces of work; `true` ends the computation, and so does
    ///     ``interruptIngest()``.
    ///   - body: gets the snapshot, a function that returns the row of an image id or `nil`, and a function that
    ///     returns the id of a row. Both are valid during the call only.
    /// - Throws: what `body` throws; `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func withSnapshot<R>(
        since moment: ReferenceMoment? = nil, isCancelled: @escaping @Sendable () -> Bool,
        _ body: (
            _ snapshot: CorpusSnapshot, _ rowOfImage: (String) throws -> UInt32?,
            _ idOfRow: (VectorRole, UInt32) throws -> String
        ) throws -> R
    ) throws -> R {
        try environment.read { transaction in
            let snapshot = try CorpusSnapshot(
                tables, settings: settings, pool: maintenancePool, since: moment,
                isCancelled: { [priority] in isCancelled() || priority.isClosed }, in: transaction)
            return try body(
                snapshot,
                { id in
                    // LMDB has no keys of other lengths.
                    guard (1...IDList.maximumByteCount).contains(id.utf8.count) else { return nil }
                    return try IdentityTable(tables: tables.images).row(of: id, in: transaction)
                },
                { role, row in
                    guard let id = try IdentityTable(tables: tables[role]).id(of: row, in: transaction) else {
                        throw StoreError.damaged("row \(row) of the \(role.rawValue) has no id")
                    }
                    return id
                })
        }
    }

    /// Checks queries, and normalises them under the cosine metric, as a search does.
    ///
    /// - Returns: the vectors, queries x dimension.
    /// - Throws: ``RejectedQuery`` for the first query that can't be answered.
    package func prepareQueries(_ batch: SearchBatch, dimension: Int) throws(RejectedQuery) -> [Float] {
        try BatchSearch(settings: settings, tables: tables, pool: searchPool, recall: recall)
            .prepare(batch, dimension: dimension)
    }
}
