package import IncrementalBias
package import Logging
package import Observability
package import SpoolProtocol

/// What an ``IngestPipeline`` works on (spool and corpus), and the objects that it reports to.
package struct IngestContext: Sendable {
    /// The corpus that shards are added to.
    package let corpus: Corpus
    /// The folders of the spool.
    package let folders: SpoolFolders
    /// Returns the current settings.
    package let settings: @Sendable () -> IngestSettings
    /// Receives the number of waiting files, and rejections.
    package let status: SpoolStatus
    /// Receives counts of shards, commits and errors.
    package let metrics: DaemonMetrics
    /// Receives a beat for each file, so that the watchdog sees progress.
    package let heartbeat: Heartbeat
    /// Receives a line for each shard.
    package let logger: Logger
    /// Returns the current time.
    package let clock: SpoolClock
    /// The file size from which on a shard of images is staged (stored piece by piece), if it can be.
    package let minimumStagedBytes: Int

    package init(
        corpus: Corpus, folders: SpoolFolders, settings: @escaping @Sendable () -> IngestSettings, status: SpoolStatus,
        metrics: DaemonMetrics, heartbeat: Heartbeat, logger: Logger, clock: @escaping SpoolClock = SpoolTime.now,
        minimumStagedBytes: Int = LargeShard.minimumBytes
    ) {
        self.corpus = corpus
        self.folders = folders
        self.settings = settings
        self.status = status
        self.metrics = metrics
        self.heartbeat = heartbeat
        self.logger = logger
        self.clock = clock
        self.minimumStagedBytes = minimumStagedBytes
    }
}
