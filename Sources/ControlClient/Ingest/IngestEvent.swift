/// A step of an ``Ingestion``.
package enum IngestEvent {
    /// A shard is about to be copied into the spool.
    case copying(name: String)
    /// A shard is in the spool, and its outcome is not waited for.
    case submitted(name: String)
    /// The outcome of a shard is pending.
    case waiting(name: String)
    /// The outcome of a shard is known.
    case finished(ShardOutcome)
}
