import DaemonSupport
import HTTPServer
import SpoolIngest

extension DaemonSettings {
    /// The settings that ingestion uses.
    var ingest: IngestSettings {
        IngestSettings(
            finishedShards: finishedShards, largestShard: largestShard, largestWholeShard: largestWholeShard,
            retention: retention, quietSeconds: quiet, listQuietSeconds: listQuiet, rescanSeconds: rescan,
            v2Elements: v2Elements, heapCheckShare: heapCheckShare)
    }

    /// The settings that the HTTP API uses and reports.
    var api: APISettings {
        APISettings(
            alpha: alpha, recall: recall, threads: threads, spool: spool, data: data, v2Elements: v2Elements,
            setBy: originsOfApplied)
    }
}
