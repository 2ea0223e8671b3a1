import IncrementalBias
import Synchronization

/// The loops whose progress counts: the one that takes shards in, and the one that searches.
final class DaemonLoops: Sendable {
    /// Of the spool's thread and those that work for its commits.
    let ingest = LoopPulse()
    /// Of the search queue's thread and those that scan for it.
    let search = LoopPulse()
    private let queue = Mutex<SearchQueue?>(nil)

    /// Whose load tells whether the search loop has something to do.
    func watch(_ queue: SearchQueue) {
        self.queue.withLock { $0 = queue }
    }

    /// The time that the signs are to be compared at.
    var clock: Duration { ingest.clock }

    /// What the loops say of themselves now.
    func signs() -> [Watchdog.Sign] {
        let busy = queue.withLock { $0?.load.busy ?? false }
        return [ingest.sign("ingest"), search.sign("search", idle: !busy)]
    }
}
