internal import Foundation
package import IncrementalBias
internal import Metrics
internal import Prometheus
package import ShardFormats
internal import Synchronization

/// The counters, gauges and histograms of the daemon, which `GET /metrics` returns.
///
/// Every counter and histogram exists from the start, at zero. Otherwise Prometheus would miss the first events of a
/// counter that appears late.
package final class DaemonMetrics: Sendable {
    private let registry = Registry(MetricFamilies.all)

    /// The values of the label `outcome` for shards and deletion lists.
    package enum ShardOutcome: String, CaseIterable {
        case applied, unchanged, rejected
    }

    /// The values of the label `outcome` for rows of shards, ids of deletion lists, and retired references.
    package enum RowOutcome: String, CaseIterable {
        case added, replaced, deleted, missing, retired
    }

    /// The values of the label `outcome` for search requests.
    package enum SearchOutcome: String, CaseIterable {
        case answered, rejected, overloaded, failed
    }

    /// The values of the label `outcome` for queries that were chosen to become references.
    package enum SampleOutcome: String, CaseIterable, Sendable {
        /// The query waits to become a reference, or to renew its reference.
        case sampled
        /// It waits already, or its reference has been renewed not long ago.
        case repeated
        /// Too many others wait.
        case dropped
    }

    private let commitSeconds: Metrics.Timer
    private let searchSeconds: Metrics.Timer
    private let scanSeconds: Metrics.Timer
    private let scanStart = Mutex(ContinuousClock.now)
    /// The processor time that `process_cpu_seconds_total` has already counted.
    private let processorSeconds = Mutex(0.0)

    /// All metrics, at zero.
    package init() {
        commitSeconds = Timer(label: "nnnd_commit_seconds", factory: registry)
        searchSeconds = Timer(label: "nnnd_search_seconds", factory: registry)
        scanSeconds = Timer(label: "nnnd_scan_seconds", factory: registry)
        for kind in VectorRole.allCases {
            for outcome in ShardOutcome.allCases { shard(kind, outcome, count: 0) }
            for outcome in RowOutcome.allCases { rows(kind, outcome, 0) }
        }
        for outcome in SearchOutcome.allCases { counter("nnnd_searches_total", [("outcome", outcome.rawValue)], 0) }
        for outcome in SampleOutcome.allCases { offeredQueries(outcome, 0) }
        for outcome in ["ok", "failed"] { counter("nnnd_reloads_total", [("outcome", outcome)], 0) }
        counter("nnnd_spool_errors_total", [], 0)
        counter("nnnd_heap_refills_total", [], 0)
        gauge("nnnd_last_commit_timestamp_seconds", 0)
        scanned(ScanStatistics())
        for name in ["nnnd_commit_shards", "nnnd_scan_requests", "nnnd_scan_queries"] {
            _ = Recorder(label: name, factory: registry)
        }
    }

    /// All metrics in Prometheus' text format.
    package func render() -> String { registry.render() }

    /// Counts shards or deletion lists.
    package func shard(_ kind: VectorRole, _ outcome: ShardOutcome, count: Int = 1) {
        counter("nnnd_shards_total", [("kind", kind.rawValue), ("outcome", outcome.rawValue)], count)
    }

    /// Counts a shard or deletion list that took effect, and its rows.
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

    /// Records a commit of shards that is on the disk.
    ///
    /// - Parameters:
    ///   - shards: the number of shards and deletion lists in the commit.
    ///   - duration: the time from the start of the transaction until it was on the disk.
    package func committed(shards: Int, took duration: Duration) {
        commitSeconds.record(duration: duration)
        Recorder(label: "nnnd_commit_shards", factory: registry).record(shards)
        gauge("nnnd_last_commit_timestamp_seconds", Date().timeIntervalSince1970)
    }

    /// Counts what a commit did apart from the rows in its receipts: retired references and refilled heaps.
    package func committed(_ summary: CommitSummary) {
        rows(.references, .retired, summary.retired)
        counter("nnnd_heap_refills_total", [], summary.refilledHeaps)
    }

    /// Counts a failure of the system, such as a full disk, that makes shards wait.
    package func spoolError() {
        counter("nnnd_spool_errors_total", [], 1)
    }

    /// Records an answered search request.
    package func searched(took duration: Duration) {
        counter("nnnd_searches_total", [("outcome", SearchOutcome.answered.rawValue)], 1)
        searchSeconds.record(duration: duration)
    }

    /// Counts a search request that was not answered.
    package func notSearched(_ outcome: SearchOutcome) {
        counter("nnnd_searches_total", [("outcome", outcome.rawValue)], 1)
    }

    /// Counts queries that were chosen to become references.
    package func offeredQueries(_ outcome: SampleOutcome, _ count: Int) {
        counter("nnnd_sampled_queries_total", [("outcome", outcome.rawValue)], count)
    }

    /// Counts a reload of the settings.
    package func reloaded(ok: Bool) {
        counter("nnnd_reloads_total", [("outcome", ok ? "ok" : "failed")], 1)
    }

    /// Stores the start time of a scan: one pass over all images that answers one or more search requests.
    ///
    /// At most one scan runs at a time.
    package func scanBegan() {
        scanStart.withLock { $0 = .now }
    }

    /// Records the scan that began last, with the number of its requests and of their queries.
    package func scanEnded(requests: Int, queries: Int) {
        scanSeconds.record(duration: .now - scanStart.withLock { $0 })
        Recorder(label: "nnnd_scan_requests", factory: registry).record(requests)
        Recorder(label: "nnnd_scan_queries", factory: registry).record(queries)
    }

    /// Counts the rows that each step of a scan has left.
    package func scanned(_ statistics: ScanStatistics) {
        counter("nnnd_search_scanned_rows_total", [], statistics.scanned)
        counter("nnnd_search_estimated_rows_total", [], statistics.estimated)
        counter("nnnd_search_bounded_rows_total", [("step", "high")], statistics.high)
        counter("nnnd_search_bounded_rows_total", [("step", "low")], statistics.low)
        counter("nnnd_search_rescored_rows_total", [], statistics.rescored)
    }

    /// Sets a gauge.
    package func gauge(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
        Meter(label: name, dimensions: labels, factory: registry).set(value)
    }

    /// Sets the gauges and the counter of the process's resources.
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
