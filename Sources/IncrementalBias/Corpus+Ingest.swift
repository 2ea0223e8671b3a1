package import Foundation
internal import LMDB

extension Corpus {
    /// Converts the vectors of a shard to the form that ``ingest(_:acknowledged:retention:now:)`` stores: normalised
    /// under the metric `cosine`, and rounded to the store's precision.
    ///
    /// - Parameters:
    ///   - values: the vectors, rows x dimension, all finite; converted in place if the caller gives up the array.
    ///   - dimension: the dimension of the vectors.
    ///   - firstRow: the number that an error gives the first vector in `values`.
    /// - Throws: ``ShardRejection`` with the first rows that can't be stored; `CancellationError` after
    ///   ``interruptIngest()``.
    package func prepare(_ values: consuming [Float], dimension: Int, firstRow: Int = 0) throws -> PreparedVectors {
        try VectorPreparation(settings: settings, pool: maintenancePool)
            .run(values, dimension: dimension, firstRow: firstRow)
    }

    /// Applies shards in order, in one commit: each shard takes effect as a whole or not at all.
    ///
    /// A shard changes nothing if the last receipt for its role and file name has the same content hashes. When this
    /// method returns, the commit is durable, and every search that starts later sees it. When it throws, nothing has
    /// changed.
    ///
    /// - Parameters:
    ///   - shards: the shards. Consecutive shards of the same role are applied together, which is faster.
    ///   - acknowledged: the numbers of pending receipts whose shards' files have been moved; these receipts are no
    ///     longer pending after the commit.
    ///   - retention: the rule that decides which references the commit removes.
    ///   - now: returns the current time; called once, when the commit begins.
    /// - Returns: the outcome of each shard, in the order of `shards`.
    /// - Throws: `LMDBError` if the store can't be read or written; ``StoreError/damaged(_:)``; `CancellationError`
    ///   after ``interruptIngest()``.
    package func ingest(
        _ shards: [IncomingShard], acknowledged: Set<UInt64>, retention: Retention = .everything, now: () -> Date
    ) throws -> [ShardOutcome] {
        let (outcomes, summary) = try writer.ingest(
            shards, acknowledged: acknowledged, retention: retention, now: now)
        observer?.committed(summary)
        return outcomes
    }

    /// Stores a large shard of new images in several commits, before the commit that makes them visible.
    ///
    /// The vectors, codes and heaps are written to free rows and to new rows. Only a few pieces of the shard are in
    /// memory at a time: the next piece is computed while the previous one is stored.
    ///
    /// The images are not part of the corpus until ``ingest(_:acknowledged:retention:now:)`` gets the returned object
    /// as the content of a shard. If that does not happen, they are discarded: when the returned object is deallocated,
    /// by the next other change of the corpus, or at the next start after a crash.
    ///
    /// - Parameters:
    ///   - ids: the ids of the images, all different, in the order of `source`.
    ///   - source: the vectors of the shard; must be at its first vector.
    ///   - heaps: the heaps of the images, if another program has computed them.
    ///   - rowsPerPiece: the number of rows in one piece; by default as many as fill 16 MiB.
    /// - Returns: the staged images; `nil` if an image with one of the ids exists, because only new images can be
    ///   staged.
    /// - Throws: the error of `source`; ``ShardRejection`` if a vector can't be stored; ``HeapFault``; `LMDBError` if the store can't
    ///   be written; `CancellationError` after ``interruptIngest()``. In each case the staged rows are discarded.
    package func stage(
        ids: [String], from source: any VectorSource, heaps: ImportedHeaps? = nil, rowsPerPiece: Int? = nil
    ) throws -> StagedImages? {
        try writer.stage(ids: ids, from: source, heaps: heaps, rowsPerPiece: rowsPerPiece)
    }

    /// Discards the staged images that have not been committed, if there are any.
    package func discardStaged() throws {
        try writer.discardStaged()
    }

    /// Removes the references that `retention` does not keep, in one commit.
    ///
    /// If there are none, nothing is committed.
    ///
    /// - Returns: how many references were removed.
    /// - Throws: the errors of ``ingest(_:acknowledged:retention:now:)``.
    @discardableResult
    package func retire(_ retention: Retention, now: Date) throws -> Int {
        guard let summary = try writer.retire(retention, now: now) else { return 0 }
        observer?.committed(summary)
        return summary.retired
    }

    /// After a large commit, makes a small commit, so that the commit after it can reuse the pages that the large one
    /// freed.
    ///
    /// Call it after the shards of the large commit have been published.
    ///
    /// - Parameter acknowledged: the numbers of pending receipts whose shards' files have been moved.
    /// - Returns: whether it made a commit; only then are the receipts acknowledged.
    package func reclaimPages(acknowledging acknowledged: Set<UInt64>) throws -> Bool {
        try writer.reclaimPages(acknowledging: acknowledged)
    }

    /// Takes one step towards codes that fit the corpus better, in one small commit.
    ///
    /// Searches find the same with any codes, sooner with better ones. Call it again and again while there is nothing
    /// else to do.
    ///
    /// - Parameter limits: when and how fast codes are made anew.
    /// - Returns: whether a commit was made; if false, there is nothing to do.
    package func recode(_ limits: RecodeLimits = .standard) throws -> Bool {
        try writer.recode(limits)
    }

    /// Interrupts ingestion before the process ends: commits and stagings throw `CancellationError` at their next piece
    /// of work, and change nothing.
    ///
    /// Later ones do the same.
    ///
    /// A commit that has no more work to compute is still written.
    package func interruptIngest() {
        priority.close()
    }
}
