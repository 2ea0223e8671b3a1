import DaemonSupport
import HTTPServer
import SpoolIngest

extension DaemonSettings {
    /// The settings of ingestion.
    var ingest: IngestSettings {
        IngestSettings(
            completedShards: completedShards, largestShard: largestShard, retention: retention, quietSeconds: quiet,
            rescanSeconds: rescan)
    }

    /// The settings of the HTTP API.
    var api: APISettings {
        APISettings(alpha: alpha, threads: threads, spool: spool, data: data)
    }
}
