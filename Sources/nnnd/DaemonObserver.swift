import DaemonSupport
import IncrementalBias
import Observability

/// Passes the progress of the corpus on to the heartbeats, the metrics and the status line.
struct DaemonObserver: WorkObserver {
    let heartbeats: LoopHeartbeats
    let metrics: DaemonMetrics
    /// Is signalled after each commit, so that the status line is sent.
    let changes: ChangeSignal

    func commitAdvanced() { heartbeats.ingest.beat() }

    func scanBegan() {
        heartbeats.search.beat()
        metrics.scanBegan()
    }

    func scanAdvanced() { heartbeats.search.beat() }

    func scanned(_ statistics: ScanStatistics) { metrics.scanned(statistics) }

    func committed(_ summary: CommitSummary) {
        heartbeats.ingest.beat()
        metrics.committed(summary)
        changes.signal()
    }

    func scanEnded(requests: Int, queries: Int) {
        heartbeats.search.beat()
        metrics.scanEnded(requests: requests, queries: queries)
    }
}
