package import Foundation
internal import LMDB
package import ShardFormats
internal import Synchronization

extension Corpus {
    /// Lets shards take effect, in order, in one commit: all of each or nothing of it.
    ///
    /// A shard whose receipt the store has already, with the same content, changes nothing. When this returns, the
    /// commit is durable and every search that starts later reflects it. When it throws, nothing has changed.
    ///
    /// - Parameters:
    ///   - shards: the shards; neighbours of one kind share the work.
    ///   - acknowledged: numbers of earlier receipts whose files have been put away.
    ///   - retention: which references stay when new ones come.
    ///   - now: tells the time.
    /// - Returns: what became of each shard, in their order.
    /// - Throws: `LMDBError` where the store can't be written, `CancellationError` after ``interruptIngest()``.
    package func ingest(
        _ shards: [IncomingShard], acknowledged: Set<UInt64>, retention: Retention = .everything, now: () -> Date
    ) throws -> [ShardOutcome] {
        let (outcomes, summary) = try write { transaction in
            var commit = Commit(
                state: try Self.state(tables, in: transaction), tables: tables, maintenance: maintenance(dimension:),
                retention: retention, now: now())
            for number in acknowledged { try transaction.remove(tables.pending, number) }
            for shard in shards { try commit.take(shard, in: transaction) }
            return (try commit.finish(in: transaction), commit.summary)
        }
        observer?.committed(summary)
        return outcomes
    }

    /// Lets the references go that `retention` doesn't keep, in one commit, if there are any.
    ///
    /// - Returns: how many went.
    /// - Throws: as ``ingest(_:acknowledged:retention:now:)`` does.
    @discardableResult
    package func retire(_ retention: Retention, now: Date) throws -> Int {
        guard try environment.read({ try Commit.expired(retention, tables, now: now, in: $0) }) else { return 0 }
        let summary = try write { transaction in
            let state = try Self.state(tables, in: transaction)
            var commit = Commit(
                state: state, tables: tables, maintenance: maintenance(dimension:), retention: retention, now: now)
            try commit.retire(in: transaction)
            _ = try commit.finish(in: transaction)
            return commit.summary
        }
        observer?.committed(summary)
        return summary.retired
    }

    /// Makes the pages free for the next commit that the last one freed, if they are many; for after the receipts.
    ///
    /// LMDB uses pages again that were freed two commits ago, so that the last but one snapshot stays whole. Without a
    /// commit in between, two large ones in a row would each take new room for all that they write.
    ///
    /// - Parameter acknowledged: numbers of receipts whose files have been put away.
    /// - Returns: whether there was such a commit, and the receipts need not be named to the next ingest.
    package func reclaimPages(acknowledging acknowledged: Set<UInt64>) throws -> Bool {
        guard lastWrite.load(ordering: .relaxed) > Self.muchWritten else { return false }
        try commitEmpty(acknowledged)
        return true
    }

    /// A commit that changes nothing, but that the files of some receipts have been put away.
    func commitEmpty(_ acknowledged: Set<UInt64> = []) throws {
        try write { transaction in
            for number in acknowledged { try transaction.remove(tables.pending, number) }
            let state = try Self.state(tables, in: transaction)
            try transaction.put(tables.meta, "state", state.encoded.span)
        }
    }

    private static let muchWritten = 1 << 22

    /// Runs `body` in a write transaction, and notes how much it wrote.
    func write<R>(_ body: (borrowing WriteTransaction) throws -> R) throws -> R {
        try environment.write { transaction in
            defer { lastWrite.store(transaction.writtenBytes, ordering: .relaxed) }
            return try body(transaction)
        }
    }

    /// Ends an ingest under way, which then throws `CancellationError` and changes nothing, and lets none begin.
    ///
    /// A commit that is being written is finished.
    package func interruptIngest() {
        gate.close()
    }

    /// The receipt of the last shard of this kind that had the file name `name`.
    package func receipt(kind: VectorRole, name: String) throws -> Receipt? {
        try environment.read { try ReceiptTable(tables: tables).last(kind: kind, name: name, in: $0) }
    }

    /// The last `limit` receipts, the newest first; beyond the last 16 only the last one of each name is kept.
    package func lastReceipts(_ limit: Int) throws -> [Receipt] {
        try environment.read { try ReceiptTable(tables: tables).newest(limit, in: $0) }
    }

    /// The note that came with a shard whose files may not have been put away yet; `nil` where they have been.
    package func note(of receipt: Receipt) throws -> [UInt8]? {
        try environment.read { try ReceiptTable(tables: tables).note(of: receipt.number, in: $0) }
    }

    /// The receipts whose files may not have been put away yet.
    package func pendingReceipts() throws -> [Receipt] {
        try environment.read { try ReceiptTable(tables: tables).pending(in: $0) }
    }
}
