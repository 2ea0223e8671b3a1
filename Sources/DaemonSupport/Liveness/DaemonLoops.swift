package import IncrementalBias
package import Observability
internal import Synchronization

/// The two loops that the watchdog monitors: ingestion and search.
package final class DaemonLoops: Sendable {
    /// The progress of the spool's thread and of the threads that compute for its commits.
    package let ingest = Heartbeat()
    /// The progress of the search queue's thread and of the threads that scan for it.
    package let search = Heartbeat()
    private let queue = Mutex<SearchQueue?>(nil)

    /// Loops that have made no progress yet.
    package init() {}

    /// Sets the queue whose load tells whether the search loop has work.
    package func monitor(_ queue: SearchQueue) {
        self.queue.withLock { $0 = queue }
    }

    /// The clock that the samples belong to.
    var clock: Duration { ingest.clock }

    /// One sample for each loop.
    func samples() -> [LivenessSample] {
        let busy = queue.withLock { $0?.load.busy ?? false }
        return [ingest.sample("ingest"), search.sample("search", isIdle: !busy)]
    }
}
