package import IncrementalBias
package import SpoolProtocol

/// The settings of ingestion that can change while the daemon runs.
package struct IngestSettings: Sendable {
    /// Says what becomes of a shard's files after its commit.
    package var completedShards: CompletedShardAction
    /// The most bytes that a shard's file may have.
    package var largestShard: Int
    /// Says which references the corpus keeps.
    package var retention: Retention
    /// Seconds that a file which was not renamed into the spool must stay unchanged before it is read.
    package var quietSeconds: Double
    /// Seconds between two scans of the spool without an event.
    package var rescanSeconds: Double

    /// The settings, each as in the configuration file.
    package init(
        completedShards: CompletedShardAction, largestShard: Int, retention: Retention, quietSeconds: Double,
        rescanSeconds: Double
    ) {
        self.completedShards = completedShards
        self.largestShard = largestShard
        self.retention = retention
        self.quietSeconds = quietSeconds
        self.rescanSeconds = rescanSeconds
    }

    /// Seconds between two checks for references that have become too old.
    var retirementInterval: Double {
        retention.secondsToLive.map { max(0.1, min(rescanSeconds, $0 / 10)) } ?? rescanSeconds
    }
}
