import IncrementalBias
import Observability
import ShardFormats
import Testing

/// The daemon's counters.
@Suite struct DaemonMetricsTests {
    private let metrics = DaemonMetrics()

    private func has(_ line: String) -> Bool { metrics.render().contains("\n\(line)\n") }

    @Test func everyCounterAndHistogramExistsAtZero() {
        for kind in ["images", "references"] {
            for outcome in ["applied", "unchanged", "rejected"] {
                #expect(has("nnnd_shards_total{kind=\"\(kind)\",outcome=\"\(outcome)\"} 0"))
            }
            for outcome in ["added", "replaced", "deleted", "missing", "retired"] {
                #expect(has("nnnd_rows_total{kind=\"\(kind)\",outcome=\"\(outcome)\"} 0"))
            }
        }
        for outcome in ["answered", "rejected", "overloaded", "failed"] {
            #expect(has("nnnd_searches_total{outcome=\"\(outcome)\"} 0"))
        }
        for outcome in ["ok", "failed"] { #expect(has("nnnd_reloads_total{outcome=\"\(outcome)\"} 0")) }
        for name in ["nnnd_spool_errors_total", "nnnd_heap_refills_total", "nnnd_last_commit_timestamp_seconds"] {
            #expect(has("\(name) 0"))
        }
        for name in [
            "commit_seconds", "commit_shards", "search_seconds", "scan_seconds", "scan_requests", "scan_queries",
        ] {
            #expect(has("nnnd_\(name)_count 0"))
        }
    }

    @Test func eventsAreCounted() {
        metrics.shard(.images, .rejected)
        metrics.shard(.references, .unchanged, count: 2)
        metrics.spoolError()
        metrics.reloaded(ok: true)
        metrics.reloaded(ok: false)
        metrics.notSearched(.overloaded)
        metrics.searched(took: .milliseconds(3))
        #expect(has("nnnd_shards_total{kind=\"images\",outcome=\"rejected\"} 1"))
        #expect(has("nnnd_shards_total{kind=\"references\",outcome=\"unchanged\"} 2"))
        #expect(has("nnnd_spool_errors_total 1"))
        #expect(has("nnnd_reloads_total{outcome=\"ok\"} 1") && has("nnnd_reloads_total{outcome=\"failed\"} 1"))
        #expect(has("nnnd_searches_total{outcome=\"overloaded\"} 1"))
        #expect(has("nnnd_searches_total{outcome=\"answered\"} 1"))
        #expect(has("nnnd_search_seconds_sum 0.003") && has("nnnd_search_seconds_count 1"))
    }

    @Test func commitsAndScansAreMeasured() {
        metrics.committed(shards: 3, took: .milliseconds(20))
        var summary = CommitSummary()
        (summary.retired, summary.refilledHeaps) = (5, 7)
        metrics.committed(summary)
        metrics.scanBegan()
        metrics.scanEnded(requests: 2, queries: 9)
        var statistics = ScanStatistics()
        (statistics.scanned, statistics.high, statistics.low, statistics.rescored) = (900, 40, 11, 10)
        metrics.scanned(statistics)
        metrics.scanned(statistics)
        #expect(has("nnnd_search_scanned_rows_total 1800") && has("nnnd_search_rescored_rows_total 20"))
        #expect(has("nnnd_search_bounded_rows_total{step=\"high\"} 80"))
        #expect(has("nnnd_search_bounded_rows_total{step=\"low\"} 22"))
        #expect(has("nnnd_commit_shards_sum 3") && has("nnnd_commit_seconds_sum 0.02"))
        #expect(!has("nnnd_last_commit_timestamp_seconds 0"))
        #expect(has("nnnd_rows_total{kind=\"references\",outcome=\"retired\"} 5"))
        #expect(has("nnnd_heap_refills_total 7"))
        #expect(has("nnnd_scan_requests_sum 2") && has("nnnd_scan_queries_sum 9") && has("nnnd_scan_seconds_count 1"))
    }

    @Test func theUsageOfTheProcessIsRead() {
        let usage = ProcessUsage()
        #expect(usage.residentBytes > 1_000_000 && usage.anonymousBytes > 0 && usage.mappedBytes > 0)
        #expect(usage.openDescriptors >= 3 && usage.processorSeconds > 0)
        metrics.set(usage)
        metrics.set(usage)
        let lines = metrics.render().split(separator: "\n")
        let words = lines.first { $0.hasPrefix("process_cpu_seconds_total ") }?.split(separator: " ") ?? []
        let seconds = words.last.flatMap { Double($0) } ?? 0
        #expect(abs(seconds - usage.processorSeconds) < 0.000_001)
    }
}
