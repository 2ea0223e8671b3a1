package import Foundation
internal import LMDB

extension Corpus {
    /// Prepares the vectors of a shard for ``ingest(_:acknowledged:retention:now:)``, in place where nobody else holds them.
    ///
    /// - Parameters:
    ///   - values: rows x dimension, finite.
    ///   - dimension: the numbers per vector.
    ///   - firstRow: the number of the first row in errors.
    /// - Throws: ``ShardRejection`` with the first rows that the store can't keep.
    package func prepare(_ values: consuming [Float], dimension: Int, firstRow: Int = 0) throws -> PreparedVectors {
        try VectorPreparation(settings: settings, pool: maintenancePool)
            .run(values, dimension: dimension, firstRow: firstRow)
    }

    /// Applies shards in order, in one commit: each shard takes effect as a whole or not at all.
    ///
    /// A shard with the content of an earlier receipt of its role and name changes nothing. When this returns, the commit is
    /// durable, and every search that starts later reflects it. When it throws, nothing has changed.
    ///
    /// - Parameters:
    ///   - shards: the shards; neighbours of one role share the work.
    ///   - acknowledged: the numbers of pending receipts whose shards' files have been moved.
    ///   - retention: which references stay when new ones come.
    ///   - now: gives the time.
    /// - Returns: the outcome of each shard, in their order.
    /// - Throws: `LMDBError` where the store can't be written, `CancellationError` after ``interruptIngest()``.
    package func ingest(
        _ shards: [IncomingShard], acknowledged: Set<UInt64>, retention: Retention = .everything, now: () -> Date
    ) throws -> [ShardOutcome] {
        let (outcomes, summary) = try writer.ingest(
            shards, acknowledged: acknowledged, retention: retention, now: now)
        observer?.committed(summary)
        return outcomes
    }

    /// Stores the vectors of a large shard of new images with their codes and heaps, in several commits, without more than a
    /// few pieces of the shard in memory.
    ///
    /// No search finds these images and nothing counts them before ``ingest(_:acknowledged:retention:now:)`` gets the result
    /// as the content of a shard: they lie in free rows, or behind the last row used. If they are not committed, they are
    /// discarded: with the last reference to the result, by the next other change, or at the next start after a crash. The
    /// heaps of one piece are computed while the piece before is stored.
    ///
    /// - Parameters:
    ///   - ids: the shard's ids, no two the same, one per row.
    ///   - source: the shard's vectors.
    ///   - rowsPerPiece: the rows that are computed together; by default as many as fill 16 MiB.
    /// - Returns: the staged images; `nil` where an id has an image already, so that the shard can't be staged.
    /// - Throws: the error of `source`, ``ShardRejection`` where a vector can't be stored, `LMDBError` where the store can't be
    ///   written, `CancellationError` after ``interruptIngest()``. Nothing of the shard is left then.
    package func stage(ids: [String], from source: any VectorSource, rowsPerPiece: Int? = nil) throws -> StagedImages? {
        try writer.stage(ids: ids, from: source, rowsPerPiece: rowsPerPiece)
    }

    /// Discards staged images that have not been committed, if there are any.
    package func discardStaged() throws {
        try writer.discardStaged()
    }

    /// Removes the references that `retention` doesn't keep, in one commit, if there are any.
    ///
    /// - Returns: how many references were removed.
    /// - Throws: the errors of ``ingest(_:acknowledged:retention:now:)``.
    @discardableResult
    package func retire(_ retention: Retention, now: Date) throws -> Int {
        guard let summary = try writer.retire(retention, now: now) else { return 0 }
        observer?.committed(summary)
        return summary.retired
    }

    /// Makes an empty commit if the last commit was large, so that the next one can use the pages that the last one freed.
    ///
    /// To be called after the receipts of the large commit are written.
    ///
    /// - Parameter acknowledged: the numbers of pending receipts whose shards' files have been moved.
    /// - Returns: whether there was such a commit, with which the receipts are acknowledged.
    package func reclaimPages(acknowledging acknowledged: Set<UInt64>) throws -> Bool {
        try writer.reclaimPages(acknowledging: acknowledged)
    }

    /// Makes an ingest that is under way, and every later one, throw `CancellationError` and change nothing.
    ///
    /// A commit that is being written is completed.
    package func interruptIngest() {
        priority.close()
    }
}
