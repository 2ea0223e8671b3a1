/// The things that can be set.
///
/// Each has one name: `--socket-mode`, `NNND_SOCKET_MODE`, `socket-mode:` in the file.
package enum Setting: String, CaseIterable, Sendable {
    case spool
    case data
    case socket
    case socketMode = "socket-mode"
    case k
    case capacity
    case alpha
    case metric
    case precision
    case threads
    case finishedShards = "finished-shards"
    case largestShard = "largest-shard"
    case maxReferences = "max-references"
    case referenceTTL = "reference-ttl"
    case quietSeconds = "quiet-seconds"
    case rescanSeconds = "rescan-seconds"
    case clientSeconds = "client-seconds"
    case logLevel = "log-level"
}
