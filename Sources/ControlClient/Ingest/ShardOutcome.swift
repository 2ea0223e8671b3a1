package import WireAPI

/// What became of a dropped shard.
package enum ShardOutcome {
    case committed(ShardReceipt)
    case refused(ShardFailure)
}
