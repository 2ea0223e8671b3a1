package import IncrementalBias
package import ShardFormats
package import SpoolProtocol

/// The settings of ingestion that can change while the daemon runs.
package struct IngestSettings: Sendable {
    /// What happens to the files of a shard after its commit.
    package var finishedShards: FinishedShardAction
    /// The maximum size of a shard's file, in bytes.
    package var largestShard: Int
    /// The maximum size of a shard's file that is read into memory as a whole, in bytes.
    package var largestWholeShard: Int
    /// How vectors of the type V2 are read.
    package var v2Elements: V2Elements
    /// The part of the images whose heaps are computed again if a shard brings them.
    package var heapCheckShare: Double
    /// Which references the corpus keeps.
    package var retention: Retention
    /// Seconds that a file which was not renamed into the spool must stay unchanged before it is read.
    package var quietSeconds: Double
    /// Seconds that a list which is written in place must stay unchanged before it is read.
    package var listQuietSeconds: Double
    /// The maximum number of seconds between two scans of the spool.
    package var rescanSeconds: Double

    package init(
        finishedShards: FinishedShardAction, largestShard: Int, largestWholeShard: Int = .max, retention: Retention,
        quietSeconds: Double, listQuietSeconds: Double, rescanSeconds: Double, v2Elements: V2Elements = .reject,
        heapCheckShare: Double = 1
    ) {
        self.finishedShards = finishedShards
        self.largestShard = largestShard
        self.largestWholeShard = largestWholeShard
        self.v2Elements = v2Elements
        self.heapCheckShare = heapCheckShare
        self.retention = retention
        self.quietSeconds = quietSeconds
        self.listQuietSeconds = listQuietSeconds
        self.rescanSeconds = rescanSeconds
    }

    /// Seconds between two checks for references that have become too old.
    ///
    /// No reference is kept longer than its time to live by more than a tenth of it, or 0.1 s if that is more.
    var retirementInterval: Double {
        retention.shortestSecondsToLive.map { max(0.1, min(rescanSeconds, $0 / 10)) } ?? rescanSeconds
    }
}
