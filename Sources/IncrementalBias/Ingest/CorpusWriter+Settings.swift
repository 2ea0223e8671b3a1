internal import Foundation
internal import LMDB

extension CorpusWriter {
    /// Computes all means again in one commit, if they were computed with another k.
    ///
    /// - Parameters:
    ///   - k: the number of largest similarities that a mean averages, at most the capacity.
    ///   - applied: settings that the same commit stores in addition to those that are stored.
    ///   - now: the time of the commit.
    /// - Throws: `LMDBError` if the store can't be written; ``StoreError/damaged(_:)``; `CancellationError` after
    ///   ``Corpus/interruptIngest()``. Nothing has changed then.
    func setK(_ k: Int, keeping applied: AppliedSettings = AppliedSettings(), now: Date = Date()) throws {
        let (isCurrent, kept) = try environment.read { transaction in
            (try tables.state(in: transaction).k == k, try tables.applied(in: transaction))
        }
        let newApplied = kept.merged(with: applied)
        if isCurrent, newApplied == kept { return }
        try discardStaged()
        try write { transaction in
            if newApplied != kept { try tables.write(newApplied, in: transaction) }
            var state = try tables.state(in: transaction)
            guard state.k != k else { return }
            let isNew = state.k == 0
            let before = state.generation
            state.k = k
            if !isNew { state.generation += 1 }
            var changes = ChangedImages()
            if state.dimension > 0 {
                let change = ReferenceChange(
                    countAfterRemoval: state.references.count, countAfterChange: state.references.count, kChanged: true)
                changes.means = try maintenance(dimension: state.dimension, k: k).apply(
                    change, images: state.images, references: state.references, in: transaction
                ).changedMeans
            }
            try record(changes, from: before, to: state.generation, now: now, in: transaction)
            try tables.write(state, in: transaction)
        }
    }
}
