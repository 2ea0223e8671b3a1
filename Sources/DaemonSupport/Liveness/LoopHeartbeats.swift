package import IncrementalBias
package import Observability
internal import Synchronization

/// The progress of the daemon's two working loops, ingestion and search, which the watchdog monitors.
package final class LoopHeartbeats: Sendable {
    /// Counts the progress of the thread `spool` and of the threads that compute for its commits.
    package let ingest = Heartbeat()
    /// Counts the progress of the thread `search queue` and of the threads that scan for it.
    package let search = Heartbeat()
    private let queue = Mutex<SearchQueue?>(nil)

    /// Heartbeats of loops that have made no progress yet.
    package init() {}

    /// Sets the queue that tells whether the search loop has work; without a queue the loop counts as idle.
    package func monitor(_ queue: SearchQueue) {
        self.queue.withLock { $0 = queue }
    }

    /// The time since the heartbeats were created, on a clock that never jumps; for ``Watchdog/check(_:_:)``.
    var elapsed: Duration { ingest.elapsed }

    /// The progress of both loops at this moment.
    func samples() -> [LivenessSample] {
        let busy = queue.withLock { $0?.load.busy ?? false }
        return [ingest.sample("ingest"), search.sample("search", isIdle: !busy)]
    }
}
