internal import LMDB
package import ShardFormats

extension Corpus {
    /// The receipt of the last shard with this role and file name; `nil` if there is none.
    package func receipt(role: VectorRole, name: String) throws -> Receipt? {
        try environment.read { try ReceiptTable(tables: tables).last(role: role, name: name, in: $0) }
            .map(writer.withDuration)
    }

    /// The newest receipts in the store, at most `limit`, the newest first.
    ///
    /// The store keeps the last 16 receipts, the last receipt of each role and file name, and all pending receipts.
    package func lastReceipts(_ limit: Int) throws -> [Receipt] {
        try environment.read { try ReceiptTable(tables: tables).newest(limit, in: $0) }.map(writer.withDuration)
    }

    /// Adds the durations of past commits to their stored receipts, in one commit.
    ///
    /// If none is missing, nothing is committed.
    ///
    /// A duration is known only after its commit. It is kept in memory until a later commit acknowledges the receipt,
    /// that is, records that its shard is published. Call this method before the process ends, so that no duration is
    /// lost.
    package func storeCommitDurations() throws {
        try writer.storeDurations()
    }

    /// The receipts whose shards may not be published yet, the oldest first.
    package func pendingReceipts() throws -> [Receipt] {
        try environment.read { try ReceiptTable(tables: tables).pending(in: $0) }.map(writer.withDuration)
    }
}
