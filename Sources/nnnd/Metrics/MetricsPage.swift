import FoundationEssentials
import Hummingbird
import IncrementalBias
import NIOCore
import Prometheus
import Similarity
import Wire

/// What `GET /metrics` answers: what was counted, and what can be asked for now.
struct MetricsPage: Sendable {
    let metrics: DaemonMetrics
    let corpus: Corpus
    let queue: SearchQueue
    let journal: SpoolJournal
    /// When the daemon started.
    let started: Date

    /// Prometheus' text format.
    static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Asks store, queue, spool and system, and renders all.
    ///
    /// - Throws: `LMDBError` where the store can't be read.
    func response() throws -> Response {
        let state = try corpus.state()
        metrics.gauge("nnnd_generation", Double(state.generation))
        metrics.gauge("nnnd_corpus_rows", Double(state.images.count), [("kind", Kind.images.rawValue)])
        metrics.gauge("nnnd_corpus_rows", Double(state.references.count), [("kind", Kind.references.rawValue)])
        metrics.gauge("nnnd_backlog_shards", Double(journal.backlog))
        metrics.gauge("nnnd_waiting_queries", Double(queue.load.waiting))
        let usage = corpus.usage
        metrics.gauge("nnnd_store_used_bytes", Double(usage.usedBytes))
        metrics.gauge("nnnd_store_map_bytes", Double(usage.mapBytes))
        metrics.gauge(
            "nnnd_build_info", 1, [("version", Version.current), ("kernels", Kernels.level.rawValue)])
        let facts = ProcessFacts()
        metrics.gauge("process_resident_memory_bytes", facts.residentBytes)
        metrics.gauge("nnnd_memory_anonymous_bytes", facts.anonymousBytes)
        metrics.gauge("nnnd_memory_mapped_bytes", facts.mappedBytes)
        metrics.gauge("process_open_fds", facts.openDescriptors)
        metrics.gauge("process_start_time_seconds", started.timeIntervalSince1970)
        metrics.processorTime(facts.processorSeconds)
        let text = metrics.registry.render()
        return Response(
            status: .ok,
            headers: [.contentType: Self.mediaType, .contentLength: String(text.utf8.count)],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
