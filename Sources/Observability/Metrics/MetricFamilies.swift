package import Prometheus

/// Every metric that `GET /metrics` can tell; docs/metrics.md says what they are good for.
package enum MetricFamilies {
    /// Seconds: from a search of a small corpus to a commit that rebuilds a large one.
    private static let durations = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    /// Requests or queries of one scan.
    private static let batches = [1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096]

    package static let all = [
        Family("nnnd_build_info", .gauge, "Always 1; its labels tell version and kernels."),
        Family("nnnd_generation", .gauge, "The number of commits that the store has seen."),
        Family("nnnd_corpus_rows", .gauge, "Images and references in the corpus."),
        Family("nnnd_backlog_shards", .gauge, "Shards and lists that waited in the spool at the last look."),
        Family("nnnd_shards_total", .counter, "Shards and lists of ids by what became of them."),
        Family("nnnd_rows_total", .counter, "Rows of shards and lists that took effect, by what they did."),
        Family(
            "nnnd_spool_troubles_total", .counter,
            "How often shards had to wait because the system failed: a full disk, say."),
        Family(
            "nnnd_commit_seconds", .histogram(durations),
            "How long commits took, from the opened transaction to the disk."),
        Family("nnnd_commit_shards", .histogram(batches), "Shards and lists that shared a commit."),
        Family(
            "nnnd_last_commit_timestamp_seconds", .gauge,
            "When the last commit of this process ended, in seconds since 1970; 0 before the first."),
        Family(
            "nnnd_heap_refills_total", .counter,
            "Images whose heaps were searched anew because they had lost too many references."),
        Family("nnnd_searches_total", .counter, "Search requests by their outcome."),
        Family(
            "nnnd_search_seconds", .histogram(durations),
            "How long answered search requests took, once the body is read, until the answer is made."),
        Family("nnnd_waiting_queries", .gauge, "Queries that wait for a scan."),
        Family("nnnd_scan_seconds", .histogram(durations), "How long scans took."),
        Family("nnnd_scan_requests", .histogram(batches), "Search requests that shared a scan."),
        Family("nnnd_scan_queries", .histogram(batches), "Queries of all requests that shared a scan."),
        Family("nnnd_reloads_total", .counter, "How often settings were read anew, by outcome."),
        Family("nnnd_store_used_bytes", .gauge, "Bytes of the store's file in use, pages free for reuse included."),
        Family("nnnd_store_map_bytes", .gauge, "Bytes that the store's file can grow to."),
        Family("nnnd_memory_anonymous_bytes", .gauge, "Memory of the process's own, without the mapped store."),
        Family(
            "nnnd_memory_mapped_bytes", .gauge,
            "Resident memory that is the mapped store's and other files': the system can take it back."),
        Family("process_resident_memory_bytes", .gauge, "Resident memory, the mapped store included."),
        Family("process_open_fds", .gauge, "Open file descriptors."),
        Family("process_cpu_seconds_total", .counter, "Seconds of computing, in user and kernel mode."),
        Family("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970."),
    ]
}
