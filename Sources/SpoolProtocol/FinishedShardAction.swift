/// What happens to the files of a shard after its commit: the values of the setting `finished-shards`.
package enum FinishedShardAction: String, CaseIterable, Sendable {
    /// The files are moved to `done/`.
    case move
    /// The files are deleted. The receipt is written to `done/` in this case too.
    case delete
}
