internal import LMDB

extension Corpus {
    /// The k and alpha that clients have set, and that the store keeps.
    ///
    /// - Throws: `LMDBError` if the store can't be read; ``StoreError/damaged(_:)``.
    package func appliedSettings() throws -> AppliedSettings {
        try environment.read { try tables.applied(in: $0) }
    }

    /// Changes the k of all means in one commit, and keeps settings in the store.
    ///
    /// Searches meanwhile use the old means; every search that starts after the return uses the new ones. Only the
    /// thread that ingests may call this, because the images that it has staged have means with the old k.
    ///
    /// - Parameters:
    ///   - k: the number of largest similarities that a mean averages.
    ///   - applied: settings that the store keeps from now on; a value that is `nil` stays as it is kept.
    /// - Throws: ``StoreError/kBeyondCapacity(k:capacity:)``; `LMDBError` if the store can't be written;
    ///   ``StoreError/damaged(_:)``; `CancellationError` after ``interruptIngest()``. Nothing has changed then.
    package func setK(_ k: Int, keeping applied: AppliedSettings = AppliedSettings()) throws {
        try settings.check(k: k)
        try writer.setK(k, keeping: applied)
    }
}
