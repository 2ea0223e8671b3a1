internal import LMDB
package import ShardFormats

extension Corpus {
    /// The receipt of the last shard with this role and file name; `nil` where there is none.
    package func receipt(role: VectorRole, name: String) throws -> Receipt? {
        try environment.read { try ReceiptTable(tables: tables).last(role: role, name: name, in: $0) }
            .map(writer.addTime)
    }

    /// The last `limit` receipts, the newest first.
    ///
    /// Of those before the last 16, only the last one of each name and pending ones are kept.
    package func lastReceipts(_ limit: Int) throws -> [Receipt] {
        try environment.read { try ReceiptTable(tables: tables).newest(limit, in: $0) }.map(writer.addTime)
    }

    /// Stores the durations of commits that are known and not yet stored, in one commit, if there are any.
    ///
    /// To be called before the process ends: only acknowledgements store them otherwise.
    package func storeCommitTimes() throws {
        try writer.storeTimes()
    }

    /// The pending receipts, the oldest first: those whose shards' files may not have been moved yet.
    package func pendingReceipts() throws -> [Receipt] {
        try environment.read { try ReceiptTable(tables: tables).pending(in: $0) }.map(writer.addTime)
    }
}
