internal import Foundation
package import IncrementalBias
internal import Metrics
package import Prometheus
package import ShardFormats
internal import Synchronization

/// What the daemon counts and measures.
///
/// Every series exists from the start, at zero: a rate over a counter that appears late misses its first events.
package final class DaemonMetrics: Sendable {
    package let registry = Registry(MetricFamilies.all)

    /// What became of a shard or a list of ids.
    package enum ShardOutcome: String, CaseIterable {
        case applied, unchanged, rejected
    }

    /// What a row of a shard or list did.
    package enum RowOutcome: String, CaseIterable {
        case added, replaced, deleted, missing, retired
    }

    /// What became of a search request.
    package enum SearchOutcome: String, CaseIterable {
        case answered, rejected, overloaded, failed
    }

    private let commitSeconds: Metrics.Timer
    private let searchSeconds: Metrics.Timer
    private let scanSeconds: Metrics.Timer
    private let lastScan = Mutex(ContinuousClock.now)
    private let cpuSeconds = Mutex(0.0)

    package init() {
        commitSeconds = Timer(label: "nnnd_commit_seconds", factory: registry)
        searchSeconds = Timer(label: "nnnd_search_seconds", factory: registry)
        scanSeconds = Timer(label: "nnnd_scan_seconds", factory: registry)
        for kind in VectorRole.allCases {
            for outcome in ShardOutcome.allCases { shard(kind, outcome, count: 0) }
            for outcome in RowOutcome.allCases { rows(kind, outcome, 0) }
        }
        for outcome in SearchOutcome.allCases { counter("nnnd_searches_total", [("outcome", outcome.rawValue)], 0) }
        for outcome in ["ok", "failed"] { counter("nnnd_reloads_total", [("outcome", outcome)], 0) }
        counter("nnnd_spool_troubles_total", [], 0)
        counter("nnnd_heap_refills_total", [], 0)
        gauge("nnnd_last_commit_timestamp_seconds", 0)
        for name in ["nnnd_commit_shards", "nnnd_scan_requests", "nnnd_scan_queries"] {
            _ = Recorder(label: name, factory: registry)
        }
    }

    /// Shards or lists met their fate.
    package func shard(_ kind: VectorRole, _ outcome: ShardOutcome, count: Int = 1) {
        counter("nnnd_shards_total", [("kind", kind.rawValue), ("outcome", outcome.rawValue)], count)
    }

    /// Rows took effect.
    package func rows(_ kind: VectorRole, _ outcome: RowOutcome, _ count: Int) {
        counter("nnnd_rows_total", [("kind", kind.rawValue), ("outcome", outcome.rawValue)], count)
    }

    /// A shard took effect: counts it and its rows.
    package func applied(_ receipt: Receipt) {
        shard(receipt.role, .applied)
        switch receipt.action {
        case .add:
            rows(receipt.role, .added, receipt.rows - receipt.replaced)
            rows(receipt.role, .replaced, receipt.replaced)
        case .delete:
            rows(receipt.role, .deleted, receipt.replaced)
            rows(receipt.role, .missing, receipt.rows - receipt.replaced)
        }
    }

    /// A commit is on the disk.
    package func committed(shards: Int, took duration: Duration) {
        commitSeconds.record(duration: duration)
        Recorder(label: "nnnd_commit_shards", factory: registry).record(shards)
        gauge("nnnd_last_commit_timestamp_seconds", Date().timeIntervalSince1970)
    }

    /// Shards have to wait: the system fails.
    package func spoolTrouble() {
        counter("nnnd_spool_troubles_total", [], 1)
    }

    /// A search request has its answer.
    package func searched(took duration: Duration) {
        counter("nnnd_searches_total", [("outcome", SearchOutcome.answered.rawValue)], 1)
        searchSeconds.record(duration: duration)
    }

    /// A search request can't be answered.
    package func notSearched(_ outcome: SearchOutcome) {
        counter("nnnd_searches_total", [("outcome", outcome.rawValue)], 1)
    }

    /// Settings were read anew.
    package func reloaded(ok: Bool) {
        counter("nnnd_reloads_total", [("outcome", ok ? "ok" : "failed")], 1)
    }

    /// Commits tell what receipts don't.
    package func committed(_ summary: CommitSummary) {
        rows(.references, .retired, summary.retired)
        counter("nnnd_heap_refills_total", [], summary.refilledHeaps)
    }

    /// A scan begins; there is one at a time.
    package func scanBegan() {
        lastScan.withLock { $0 = .now }
    }

    /// The scan that began last has ended.
    package func scanEnded(requests: Int, queries: Int) {
        scanSeconds.record(duration: .now - lastScan.withLock { $0 })
        Recorder(label: "nnnd_scan_requests", factory: registry).record(requests)
        Recorder(label: "nnnd_scan_queries", factory: registry).record(queries)
    }

    /// Sets a gauge.
    package func gauge(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        Meter(label: name, dimensions: labels, factory: registry).set(value)
    }

    /// Sets a counter that the system keeps: it grows by what is new.
    package func processorTime(_ seconds: Double) {
        let more = cpuSeconds.withLock { known in
            defer { known = max(known, seconds) }
            return max(0, seconds - known)
        }
        FloatingPointCounter(label: "process_cpu_seconds_total", factory: registry).increment(by: more)
    }

    private func counter(_ name: String, _ labels: [(String, String)], _ amount: Int) {
        Counter(label: name, dimensions: labels, factory: registry).increment(by: amount)
    }
}
