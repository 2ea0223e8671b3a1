internal import Evaluation
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import Observability
internal import ShardFormats
internal import VectorMath
internal import WireAPI

/// `GET /metrics`: all metrics in Prometheus' text format.
struct MetricsResource: Resource {
    let metrics: DaemonMetrics
    let corpus: Corpus
    let queue: SearchQueue
    let spoolStatus: SpoolStatus
    /// Measures how well the references match the queries; `nil` for nothing.
    let monitor: ReferenceMatchMonitor?
    /// When the daemon started.
    let started: Date

    let method = HTTPRequest.Method.get
    let path = "/metrics"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        let text = try await blocking(render)
        return Response(body: ByteBuffer(string: text), mediaType: "text/plain; version=0.0.4; charset=utf-8")
    }

    /// Sets the gauges from store, queue, spool and system, and renders all metrics.
    @Sendable private func render() throws -> String {
        let state = try corpus.state()
        let usage = corpus.usage
        metrics.gauge("nnnd_generation", Double(state.generation))
        metrics.gauge("nnnd_corpus_rows", Double(state.images.count), [("kind", VectorRole.images.rawValue)])
        metrics.gauge("nnnd_corpus_rows", Double(state.references.count), [("kind", VectorRole.references.rawValue)])
        metrics.gauge("nnnd_sampled_references", Double(try corpus.referenceCounts().sampled))
        metrics.gauge("nnnd_backlog_shards", Double(spoolStatus.backlog))
        metrics.gauge("nnnd_spool_unused_files", Double(spoolStatus.unused.count))
        metrics.gauge("nnnd_waiting_queries", Double(queue.load.waiting))
        metrics.gauge("nnnd_store_used_bytes", Double(usage.usedBytes))
        metrics.gauge("nnnd_store_map_bytes", Double(usage.mapBytes))
        metrics.gauge("nnnd_build_info", 1, [("version", Version.current), ("kernels", Kernels.level.rawValue)])
        metrics.gauge("process_start_time_seconds", started.timeIntervalSince1970)
        // Exact searches need no measurement.
        setRecall(target: 1, (1, 1, 1), queries: 0)
        for measured in corpus.recallReport.measured {
            setRecall(
                target: measured.target, (measured.recall, measured.low, measured.high), queries: measured.queries)
        }
        let cells = try corpus.cellStatus()
        metrics.gauge("nnnd_cells", Double(cells?.cells ?? 0))
        metrics.gauge("nnnd_cells_unassigned_images", Double(cells?.unassigned ?? 0))
        metrics.gauge("nnnd_cells_largest_ratio", cells?.largest ?? .nan)
        setMatch(monitor?.last)
        metrics.set(ProcessUsage())
        return metrics.render()
    }

    /// What has not been measured is NaN, which no alert compares with anything.
    private func setMatch(_ match: ReferenceMatch?) {
        metrics.gauge("nnnd_match_queries", Double(match?.queries ?? 0))
        metrics.gauge("nnnd_match_query_similarity", match?.querySimilarity ?? .nan)
        metrics.gauge("nnnd_match_reference_similarity", match?.referenceSimilarity ?? .nan)
        metrics.gauge("nnnd_match_farther_ratio", match?.farther ?? .nan)
        metrics.gauge("nnnd_match_new_references", match.map { Double($0.newReferences) } ?? .nan)
        metrics.gauge("nnnd_match_changed_ratio", match?.changed ?? .nan)
    }

    private func setRecall(target: Double, _ recall: (value: Double, low: Double, high: Double), queries: Int) {
        let labels = [("target", target == 1 ? "1" : "\(target)")]
        metrics.gauge("nnnd_search_recall", recall.value, labels)
        metrics.gauge("nnnd_search_recall_low", recall.low, labels)
        metrics.gauge("nnnd_search_recall_high", recall.high, labels)
        metrics.gauge("nnnd_search_recall_target", target, labels)
        metrics.gauge("nnnd_search_recall_queries", Double(queries), labels)
    }
}
