package import IncrementalBias
package import Logging
package import Observability
package import SpoolProtocol

/// The spool, the corpus and what an ``IngestPipeline`` reports to.
package struct IngestContext: Sendable {
    /// Where shards go.
    package let corpus: Corpus
    /// Where shards come from.
    package let folders: SpoolFolders
    /// The settings as they are now.
    package let settings: @Sendable () -> IngestSettings
    /// Gets the number of waiting files, and rejections.
    package let status: SpoolStatus
    /// Counts what happens.
    package let metrics: DaemonMetrics
    /// Shows that the work goes on.
    package let heartbeat: Heartbeat
    /// Gets a line for each shard.
    package let logger: Logger
    /// Tells the time.
    package let clock: SpoolClock
    /// Shards of images with this many bytes are staged piece by piece where they can be.
    package let minimumStagedBytes: Int

    /// The parts put together.
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
