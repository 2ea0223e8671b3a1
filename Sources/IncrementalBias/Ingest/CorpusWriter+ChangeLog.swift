internal import Foundation
internal import LMDB
internal import Synchronization

/// Records in the change log what commits change of the images.
extension CorpusWriter {
    /// Finishes a commit, and records its changes.
    ///
    /// - Returns: the outcome of each shard, in the order in which the shards were added.
    func finish(_ commit: inout Commit, in transaction: borrowing WriteTransaction) throws -> [ShardOutcome] {
        let outcomes = try commit.finish(in: transaction)
        try record(
            commit.changes, from: commit.stateBefore.generation, to: commit.state.generation, now: commit.now,
            in: transaction)
        return outcomes
    }

    /// Adds a record to the change log, if the generation has changed, and records that the cells have followed it.
    func record(
        _ changes: ChangedImages, from before: UInt64, to generation: UInt64, now: Date,
        in transaction: borrowing WriteTransaction
    ) throws {
        guard generation != before else { return }
        try tables.cells.setGeneration(generation, in: transaction)
        try tables.changeLog.append(
            changes, generation: generation, after: before, time: UInt64(max(0, now.timeIntervalSince1970 * 1000)),
            limits: changeLogLimits.withLock(\.self), in: transaction)
    }

    /// Changes how much of the past the change log keeps, from the next commit on.
    ///
    /// A log that is switched on, or that does not end with the last generation, begins at once.
    func setChangeLogLimits(_ limits: ChangeLogLimits) throws {
        changeLogLimits.withLock { $0 = limits }
        let (generation, span) = try environment.read { transaction in
            (try tables.state(in: transaction).generation, try tables.changeLog.span(in: transaction))
        }
        let isOn = limits.maximumBytes > 0
        guard isOn ? span?.newest.generation != generation : span != nil else { return }
        try write { transaction in
            guard isOn else { return try tables.changeLog.removeAll(in: transaction) }
            try tables.changeLog.begin(at: try tables.state(in: transaction).generation, in: transaction)
        }
    }
}
