package import FoundationEssentials
package import Hummingbird
package import IncrementalBias
internal import NIOCore
package import Observability
internal import Prometheus
internal import ShardFormats
internal import VectorMath
internal import WireAPI

/// What `GET /metrics` answers: what was counted, and what can be asked for now.
package struct MetricsPage: Sendable {
    package let metrics: DaemonMetrics
    package let corpus: Corpus
    package let queue: SearchQueue
    package let spoolStatus: SpoolStatus
    /// When the daemon started.
    package let started: Date

    /// Makes the value from its parts.
    package init(metrics: DaemonMetrics, corpus: Corpus, queue: SearchQueue, spoolStatus: SpoolStatus, started: Date) {
        self.metrics = metrics
        self.corpus = corpus
        self.queue = queue
        self.spoolStatus = spoolStatus
        self.started = started
    }

    /// Prometheus' text format.
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// Asks store, queue, spool and system, and renders all.
    ///
    /// - Throws: `LMDBError` where the store can't be read.
    package func response() throws -> Response {
        let state = try corpus.state()
        metrics.gauge("nnnd_generation", Double(state.generation))
        metrics.gauge("nnnd_corpus_rows", Double(state.images.count), [("kind", VectorRole.images.rawValue)])
        metrics.gauge("nnnd_corpus_rows", Double(state.references.count), [("kind", VectorRole.references.rawValue)])
        metrics.gauge("nnnd_backlog_shards", Double(spoolStatus.backlog))
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
