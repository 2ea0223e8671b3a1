internal import Evaluation
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import Observability
internal import ShardFormats
internal import SpoolProtocol
internal import VectorMath
internal import WireAPI

/// `GET /v1/status`: the corpus, the settings, the spool and the store.
struct StatusResource: Resource {
    let corpus: Corpus
    let settings: @Sendable () -> APISettings
    let spoolStatus: SpoolStatus
    /// Measures how well the references match the queries; `nil` for nothing.
    let monitor: ReferenceMatchMonitor?
    /// When the daemon started.
    let started: ContinuousClock.Instant

    private static let receipts = 16

    let method = HTTPRequest.Method.get
    let path = "/v1/status"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters()
        return try Response(json: try await blocking { try status() })
    }

    private func status() throws -> Status {
        let settings = self.settings()
        let state = try corpus.state()
        let usage = corpus.usage
        let folders = SpoolFolders(root: settings.spool)
        let unused = spoolStatus.unused
        return Status(
            version: Version.current, generation: state.generation, images: state.images.count,
            references: state.references.count, sampledReferences: try corpus.referenceCounts().sampled,
            dimension: state.dimension == 0 ? nil : state.dimension,
            k: state.k, capacity: corpus.settings.capacity, alpha: settings.alpha,
            metric: corpus.settings.metric.rawValue, precision: corpus.settings.precision.rawValue,
            kernels: Kernels.level.rawValue, threads: settings.threads, recall: try recall(settings),
            referenceMatch: monitor?.last.map { ReferenceMatchStatus($0) },
            spool: .init(
                images: folders.incoming(.images), references: folders.incoming(.references),
                done: "\(folders.root)/done", failed: "\(folders.root)/failed", backlog: spoolStatus.backlog,
                unusedFiles: unused.count, unused: unused.files),
            store: .init(path: settings.data, bytes: usage.usedBytes, maximumBytes: usage.mapBytes),
            lastReceipts: try corpus.lastReceipts(Self.receipts).map { ShardReceipt($0, unchanged: false) },
            lastFailures: spoolStatus.failures,
            uptimeS: ((ContinuousClock.now - started) / .milliseconds(1)).rounded() / 1000)
    }

    private func recall(_ settings: APISettings) throws -> RecallStatus {
        let report = corpus.recallReport
        return RecallStatus(
            setting: settings.recall,
            calibrations: report.calibrations.map {
                .init(alpha: $0.alpha, generation: $0.generation, queries: $0.queries)
            },
            measured: report.measured.map {
                .init(target: $0.target, queries: $0.queries, recall: $0.recall, low: $0.low, high: $0.high)
            },
            raised: report.raised.map { .init(alpha: $0.alpha, target: $0.target, factor: $0.factor) },
            cells: try corpus.cellStatus().map {
                .init(
                    count: $0.cells, ready: $0.isReady, unassigned: $0.unassigned,
                    largest: ($0.largest * 100).rounded() / 100)
            })
    }
}

extension ReferenceMatchStatus {
    fileprivate init(_ match: ReferenceMatch) {
        self.init(
            generation: match.generation, queries: match.queries, querySimilarity: match.querySimilarity,
            referenceSimilarity: match.referenceSimilarity, farther: match.farther,
            newReferences: match.newReferences, changed: match.changed)
    }
}
