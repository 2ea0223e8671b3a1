package import WireAPI

/// The outcome of a submitted shard.
package enum ShardOutcome {
    /// It took effect, now or earlier.
    case committed(ShardReceipt)
    /// It was rejected, and changed nothing.
    case rejected(ShardFailure)
}
