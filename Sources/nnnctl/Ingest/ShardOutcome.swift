import Wire

/// What became of a dropped shard.
enum ShardOutcome {
    case committed(ShardReceipt)
    case refused(ShardFailure)
}
