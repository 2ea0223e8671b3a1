internal import Prometheus

/// Every metric that `GET /metrics` returns; docs/metrics.md lists them with their labels.
enum MetricFamilies {
    /// Upper bounds of buckets in seconds: from a search in a small corpus to a commit that changes a large one.
    private static let durations = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]
    /// Upper bounds of buckets for the requests or queries of one scan and the shards of one commit.
    private static let batches = [1.0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096]

    static let all = [
        Family("nnnd_build_info", .gauge, "Always 1; the labels hold the version and the kernels."),
        Family("nnnd_generation", .gauge, "The number of commits of the store."),
        Family("nnnd_corpus_rows", .gauge, "Images and references in the corpus."),
        Family("nnnd_backlog_shards", .gauge, "Shards and lists that waited in the spool at the last scan of it."),
        Family("nnnd_shards_total", .counter, "Shards and lists of ids by outcome."),
        Family("nnnd_rows_total", .counter, "Rows of shards and lists by outcome."),
        Family(
            "nnnd_spool_errors_total", .counter,
            "Failures of the system, for example a full disk, for which shards had to wait."),
        Family(
            "nnnd_commit_seconds", .histogram(durations),
            "Duration of commits, from the begin of the transaction until it is on the disk."),
        Family("nnnd_commit_shards", .histogram(batches), "Shards and lists in one commit."),
        Family(
            "nnnd_last_commit_timestamp_seconds", .gauge,
            "The end of the last commit of this process, in seconds since 1970; 0 before the first."),
        Family(
            "nnnd_heap_refills_total", .counter,
            "Images whose heaps were searched again because they had lost too many references."),
        Family("nnnd_searches_total", .counter, "Search requests by outcome."),
        Family(
            "nnnd_search_seconds", .histogram(durations),
            "Duration of answered search requests, from the end of the body until the response is made."),
        Family("nnnd_waiting_queries", .gauge, "Queries that wait for a scan."),
        Family("nnnd_scan_seconds", .histogram(durations), "Duration of scans."),
        Family("nnnd_scan_requests", .histogram(batches), "Search requests in one scan."),
        Family("nnnd_scan_queries", .histogram(batches), "Queries in one scan."),
        Family("nnnd_reloads_total", .counter, "Reloads of the settings by outcome."),
        Family("nnnd_store_used_bytes", .gauge, "Bytes of the data file in use, pages free for reuse included."),
        Family("nnnd_store_map_bytes", .gauge, "The maximum size of the data file."),
        Family("nnnd_memory_anonymous_bytes", .gauge, "Resident memory of the process without mapped files."),
        Family(
            "nnnd_memory_mapped_bytes", .gauge,
            "Resident memory of the mapped store and other files, which the system can reclaim."),
        Family("process_resident_memory_bytes", .gauge, "Resident memory, the mapped store included."),
        Family("process_open_fds", .gauge, "Open file descriptors."),
        Family("process_cpu_seconds_total", .counter, "Processor time in user and kernel mode."),
        Family("process_start_time_seconds", .gauge, "The start of the process, in seconds since 1970."),
    ]
}
