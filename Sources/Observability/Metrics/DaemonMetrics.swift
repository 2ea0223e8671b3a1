internal import Foundation
package import IncrementalBias
internal import Metrics
internal import Prometheus
package import ShardFormats
internal import Synchronization

/// The counters, gauges and histograms of the daemon.
///
/// Every counter and histogram exists from the start, at zero: a rate over a counter that appears late misses its first
/// events.
package final class DaemonMetrics: Sendable {
    private let registry = Registry(MetricFamilies.all)

    /// What a shard or a list of ids did.
    package enum ShardOutcome: String, CaseIterable {
        case applied, unchanged, rejected
    }

    /// What a row of a shard or list did.
    package enum RowOutcome: String, CaseIterable {
        case added, replaced, deleted, missing, retired
    }

    /// How a search request ended.
    package enum SearchOutcome: String, CaseIterable {
        case answered, rejected, overloaded, failed
    }

    private let commitSeconds: Metrics.Timer
    private let searchSeconds: Metrics.Timer
    private let scanSeconds: Metrics.Timer
    private let scanBegin = Mutex(ContinuousClock.now)
    private let processorSeconds = Mutex(0.0)

    /// Metrics at zero.
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
        counter("nnnd_spool_errors_total", [], 0)
        counter("nnnd_heap_refills_total", [], 0)
        gauge("nnnd_last_commit_timestamp_seconds", 0)
        for name in ["nnnd_commit_shards", "nnnd_scan_requests", "nnnd_scan_queries"] {
            _ = Recorder(label: name, factory: registry)
        }
    }

    /// All metrics in Prometheus' text format.
    package func render() -> String { registry.render() }

    /// Counts shards or lists of ids.
    package func shard(_ kind: VectorRole, _ outcome: ShardOutcome, count: Int = 1) {
        counter("nnnd_shards_total", [("kind", kind.rawValue), ("outcome", outcome.rawValue)], count)
    }

    /// Counts a shard that took effect, and its rows.
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

    /// Records a commit that is on the disk.
    package func committed(shards: Int, took duration: Duration) {
        commitSeconds.record(duration: duration)
        Recorder(label: "nnnd_commit_shards", factory: registry).record(shards)
        gauge("nnnd_last_commit_timestamp_seconds", Date().timeIntervalSince1970)
    }

    /// Records what a commit did beside the content of its receipts.
    package func committed(_ summary: CommitSummary) {
        rows(.references, .retired, summary.retired)
        counter("nnnd_heap_refills_total", [], summary.refilledHeaps)
    }

    /// Counts a failure of the system for which shards have to wait.
    package func spoolError() {
        counter("nnnd_spool_errors_total", [], 1)
    }

    /// Records an answered search request.
    package func searched(took duration: Duration) {
        counter("nnnd_searches_total", [("outcome", SearchOutcome.answered.rawValue)], 1)
        searchSeconds.record(duration: duration)
    }

    /// Counts a search request without an answer.
    package func notSearched(_ outcome: SearchOutcome) {
        counter("nnnd_searches_total", [("outcome", outcome.rawValue)], 1)
    }

    /// Counts a reload of the settings.
    package func reloaded(ok: Bool) {
        counter("nnnd_reloads_total", [("outcome", ok ? "ok" : "failed")], 1)
    }

    /// Notes the begin of a scan; at most one scan is under way.
    package func scanBegan() {
        scanBegin.withLock { $0 = .now }
    }

    /// Records the scan that began last.
    package func scanEnded(requests: Int, queries: Int) {
        scanSeconds.record(duration: .now - scanBegin.withLock { $0 })
        Recorder(label: "nnnd_scan_requests", factory: registry).record(requests)
        Recorder(label: "nnnd_scan_queries", factory: registry).record(queries)
    }

    /// Sets a gauge.
    package func gauge(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        Meter(label: name, dimensions: labels, factory: registry).set(value)
    }

    /// Sets the gauges and the counter of the process.
    package func set(_ usage: ProcessUsage) {
        gauge("process_resident_memory_bytes", usage.residentBytes)
        gauge("nnnd_memory_anonymous_bytes", usage.anonymousBytes)
        gauge("nnnd_memory_mapped_bytes", usage.mappedBytes)
        gauge("process_open_fds", usage.openDescriptors)
        let increase = processorSeconds.withLock { known in
            defer { known = max(known, usage.processorSeconds) }
            return max(0, usage.processorSeconds - known)
        }
        FloatingPointCounter(label: "process_cpu_seconds_total", factory: registry).increment(by: increase)
    }

    private func rows(_ kind: VectorRole, _ outcome: RowOutcome, _ count: Int) {
        counter("nnnd_rows_total", [("kind", kind.rawValue), ("outcome", outcome.rawValue)], count)
    }

    private func counter(_ name: String, _ labels: [(String, String)], _ amount: Int) {
        Counter(label: name, dimensions: labels, factory: registry).increment(by: amount)
    }
}
