/// The setting that says what becomes of a shard's files after its commit.
package enum CompletedShardAction: String, CaseIterable, Sendable {
    /// The files move to `done/`, where the receipt is.
    case move
    /// The files are deleted; the receipt is in `done/` all the same.
    case delete
}
