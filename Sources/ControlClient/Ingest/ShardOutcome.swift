package import WireAPI

/// The outcome of a submitted shard.
package enum ShardOutcome {
    /// It took effect; or the same content took effect earlier, and this shard changed nothing.
    case committed(ShardReceipt)
    /// It was rejected and changed nothing.
    case rejected(ShardFailure)
}
