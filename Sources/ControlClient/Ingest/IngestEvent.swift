/// A step of an ``Ingestion``, for the one shard or deletion list that `name` names.
package enum IngestEvent {
    /// It is about to be copied into the spool.
    case copying(name: String)
    /// It is in the spool, and the ingestion does not wait for its outcome.
    case submitted(name: String)
    /// Its outcome is not known yet; reported repeatedly, for the first of several such shards.
    case waiting(name: String)
    /// Its outcome is known.
    case finished(ShardOutcome)
}
