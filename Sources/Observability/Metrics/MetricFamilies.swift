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
        Family(
            "nnnd_build_info", .gauge,
            "Always 1. Labels: the version, and the instruction set in use (portable, avx2, avx512 or avx512vnni)."),
        Family("nnnd_generation", .gauge, "A counter of the store that each commit of a change raises by one."),
        Family("nnnd_corpus_rows", .gauge, "The number of images, and of references, in the corpus."),
        Family("nnnd_sampled_references", .gauge, "The number of references that were sampled from queries."),
        Family(
            "nnnd_backlog_shards", .gauge,
            "Shards and deletion lists in the spool when it was last listed, without those that have left it since."),
        Family(
            "nnnd_spool_unused_files", .gauge,
            "Files in the spool that no shard uses, and that nnnd leaves where they are."),
        Family("nnnd_shards_total", .counter, "Shards and deletion lists by outcome."),
        Family(
            "nnnd_rows_total", .counter,
            "Rows of shards, ids of deletion lists, and retired references, by outcome."),
        Family(
            "nnnd_spool_errors_total", .counter,
            "System errors, for example a full disk, that made shards wait; each failed retry counts."),
        Family(
            "nnnd_commit_seconds", .histogram(durations),
            "Duration of commits of shards, from the start of the transaction until it is on the disk."),
        Family("nnnd_commit_shards", .histogram(batches), "Shards and deletion lists in one commit."),
        Family(
            "nnnd_last_commit_timestamp_seconds", .gauge,
            "The end of the last commit of shards by this process, in seconds since 1970; 0 before the first."),
        Family(
            "nnnd_heap_refills_total", .counter,
            "Heaps that a search over all references filled again, because removals left too few entries."),
        Family("nnnd_searches_total", .counter, "Search requests by outcome."),
        Family(
            "nnnd_search_seconds", .histogram(durations),
            "Duration of answered search requests, from the arrival of the whole body until the response is ready."),
        Family("nnnd_waiting_queries", .gauge, "Queries that wait for the next scan."),
        Family(
            "nnnd_scan_seconds", .histogram(durations),
            "Duration of scans. A scan is one pass over all images that answers one or more search requests."),
        Family("nnnd_scan_requests", .histogram(batches), "Search requests that share one scan."),
        Family("nnnd_scan_queries", .histogram(batches), "Queries that share one scan."),
        Family(
            "nnnd_search_scanned_rows_total", .counter,
            "Rows that searches compared by codes; a row counts once for each query."),
        Family(
            "nnnd_search_bounded_rows_total", .counter,
            "Pairs of a query and a row that bounds did not exclude: bounds by high halves, "
                + "or by whole codes if a block was scanned by these alone (high); bounds by whole codes (low)."),
        Family("nnnd_search_rescored_rows_total", .counter, "Rows whose exact score searches computed."),
        Family(
            "nnnd_sampled_queries_total", .counter, "Queries that were chosen to become references, by outcome."),
        Family(
            "nnnd_search_estimated_rows_total", .counter,
            "Of nnnd_search_scanned_rows_total, the rows whose scores approximate searches estimated."),
        Family(
            "nnnd_search_recall", .gauge,
            "The recall of the last measured queries that asked for the recall in the label target."),
        Family("nnnd_search_recall_low", .gauge, "The lower end of the 95% interval of nnnd_search_recall."),
        Family("nnnd_search_recall_high", .gauge, "The upper end of the 95% interval of nnnd_search_recall."),
        Family("nnnd_search_recall_target", .gauge, "The recall in the label target, as a number."),
        Family("nnnd_search_recall_queries", .gauge, "The number of queries in nnnd_search_recall, at most 1,000."),
        Family("nnnd_cells", .gauge, "The number of cells, of which approximate searches read a few."),
        Family("nnnd_cells_unassigned_images", .gauge, "Images that are in no cell yet, if there are cells."),
        Family(
            "nnnd_cells_largest_ratio", .gauge,
            "The size of the largest cell, in relation to the mean; NaN if there are no cells."),
        Family(
            "nnnd_match_queries", .gauge,
            "The number of live queries that the other nnnd_match_ gauges were measured with, at most 512."),
        Family(
            "nnnd_match_query_similarity", .gauge,
            "The median over these queries of their largest similarity to a reference."),
        Family(
            "nnnd_match_reference_similarity", .gauge,
            "The median over references of their largest similarity to another reference."),
        Family(
            "nnnd_match_farther_ratio", .gauge,
            "The share of pairs of a query and a reference of which the query is farther from its nearest "
                + "reference; 0.5 if they are alike."),
        Family(
            "nnnd_match_new_references", .gauge,
            "References that arrived within the last hour when it was measured."),
        Family(
            "nnnd_match_changed_ratio", .gauge,
            "The share of the top 10 of these queries that would differ without these references."),
        Family("nnnd_reloads_total", .counter, "Reloads of the settings by outcome."),
        Family(
            "nnnd_store_used_bytes", .gauge,
            "Bytes of the data file up to its last page, including free pages that LMDB will reuse."),
        Family("nnnd_store_map_bytes", .gauge, "The maximum size of the data file."),
        Family("nnnd_memory_anonymous_bytes", .gauge, "Resident memory of the process, without mapped files."),
        Family(
            "nnnd_memory_mapped_bytes", .gauge,
            "Resident memory of mapped files, mainly of the store; the system can reclaim it."),
        Family("process_resident_memory_bytes", .gauge, "Resident memory, including mapped files."),
        Family("process_open_fds", .gauge, "Open file descriptors."),
        Family("process_cpu_seconds_total", .counter, "Processor time in user and kernel mode."),
        Family("process_start_time_seconds", .gauge, "The start of the process, in seconds since 1970."),
    ]
}
