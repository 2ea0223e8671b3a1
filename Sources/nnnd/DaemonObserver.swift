import DaemonSupport
import IncrementalBias
import Observability

/// Passes the progress of the corpus on to the watchdog, the metrics and the status line.
struct DaemonObserver: WorkObserver {
    let loops: DaemonLoops
    let metrics: DaemonMetrics
    let changes: ChangeSignal

    func commitAdvanced() { loops.ingest.beat() }

    func scanBegan() {
        loops.search.beat()
        metrics.scanBegan()
    }

    func scanAdvanced() { loops.search.beat() }

    func committed(_ summary: CommitSummary) {
        loops.ingest.beat()
        metrics.committed(summary)
        changes.signal()
    }

    func scanEnded(requests: Int, queries: Int) {
        loops.search.beat()
        metrics.scanEnded(requests: requests, queries: queries)
    }
}
