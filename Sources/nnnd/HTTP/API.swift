import Foundation
import HTTPTypes
import Hummingbird
import IncrementalBias
import Logging
import NIOCore
import NIOPosix
import Similarity
import Wire

/// The daemon's HTTP API, described in `docs/openapi.yaml`.
struct API: Sendable {
    let corpus: Corpus
    let queue: SearchQueue
    let settings: LiveSettings
    let journal: SpoolJournal
    let page: MetricsPage
    let started: Date
    /// Where calls that read the store at length run, off the event loops.
    let threads: NIOThreadPool

    /// What answers requests.
    func responder() -> some HTTPResponder<BasicRequestContext> {
        let routes: [Route] = [
            Route(.post, "/v1/search", search),
            Route(.post, "/v1/verify", verify),
            Route(.get, "/v1/status") { _, _ in Response(json: try await self.offLoop(self.status)) },
            Route(.get, "/v1/images/{id}", image),
            Route(.get, "/v1/references/{id}", reference),
            Route(.get, "/metrics") { _, _ in try await self.offLoop(self.page.response) },
            Route(.get, "/healthz") { _, _ in Response(json: ["status": "alive"]) },
            Route(.get, "/readyz") { _, _ in
                _ = try await self.offLoop(self.corpus.state)
                return Response(json: ["status": "ready"])
            },
        ]
        let router = Router(context: BasicRequestContext.self)
        var list = RouteList()
        for route in routes { list.add(route.method, route.path) }
        router.add(middleware: ProblemMiddleware(routes: list))
        for route in routes { router.on(RouterPath(route.path), method: route.method, use: route.handler) }
        return router.buildResponder()
    }

    private struct Route {
        let method: HTTPRequest.Method
        let path: String
        let handler: @Sendable (Request, BasicRequestContext) async throws -> Response

        init(
            _ method: HTTPRequest.Method, _ path: String,
            _ handler: @escaping @Sendable (Request, BasicRequestContext) async throws -> Response
        ) {
            self.method = method
            self.path = path
            self.handler = handler
        }
    }

    @Sendable private func search(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        do {
            let body = try await body(request)
            let start = ContinuousClock.now
            let response = try await answer(body, of: request)
            page.metrics.searched(took: .now - start)
            return response
        } catch {
            page.metrics.notSearched(.init(error))
            throw error
        }
    }

    private func answer(_ body: ByteBuffer, of request: Request) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        let queries = try SearchBody(body, request: request, standardAlpha: settings.now.alpha).queries
        try checkSize(queries)
        let answer = try await queue.search(queries)
        let results = answer.hits.map { hits in
            hits.map {
                SearchResponse.Hit(id: $0.id, score: $0.score, similarity: $0.similarity, bias: $0.bias)
            }
        }
        let took = (clock.now - start) / .milliseconds(1)
        return Response(
            json: SearchResponse(
                generation: answer.generation, results: results, tookMs: (took * 1000).rounded() / 1000))
    }

    /// Refuses a search whose answer would take all memory.
    private func checkSize(_ queries: [SearchQuery]) throws {
        guard let topK = queries.first?.topK else { return }
        let hits = queries.count * min(topK, try corpus.state().images.count)
        guard hits > RequestLimits.hits else { return }
        throw Problem.badRequest(
            "too_many_hits",
            "\(queries.count) queries would find \(hits) images; one answer may have \(RequestLimits.hits).")
    }

    @Sendable private func verify(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let body = try await body(request)
        var wanted = VerifyRequest()
        if body.readableBytes > 0 {
            do {
                wanted = try WireJSON.decode(VerifyRequest.self, from: Data(body.readableBytesView))
            } catch {
                throw Problem.badJSON(error, Array(body.readableBytesView))
            }
        }
        if let sample = wanted.sample, sample < 1 {
            throw Problem.badRequest("bad_sample", "'sample' is \(sample); it must be at least 1.")
        }
        let sample = wanted.sample
        let found = try await offLoop { try corpus.verify(sample: sample) }
        return Response(
            json: VerifyReport(
                checked: found.checked, wrong: found.wrongCount, largestDifference: found.largestDifference,
                images: found.wrong.map { .init(id: $0.id, stored: $0.stored, computed: $0.computed) }))
    }

    @Sendable private func image(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try id(context)
        guard let found = try await offLoop({ try corpus.explainImage(id) }) else {
            throw Problem.unknownID(.images, id)
        }
        let alpha = settings.now.alpha
        return Response(
            json: ImageReport(
                id: found.id, generation: found.generation, bias: alpha * found.mean, alpha: alpha,
                mean: found.mean, used: found.used,
                references: found.references.map { .init(id: $0.id, similarity: $0.similarity) }))
    }

    @Sendable private func reference(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try id(context)
        guard let found = try await offLoop({ try corpus.reference(id) }) else {
            throw Problem.unknownID(.references, id)
        }
        return Response(json: ReferenceReport(id: id, generation: found.generation, vector: found.vector))
    }

    @Sendable private func status() throws -> Status {
        let settings = settings.now
        let state = try corpus.state()
        let usage = corpus.usage
        let folders = SpoolFolders(root: settings.spool)
        return Status(
            version: Version.current, generation: state.generation, images: state.images.count,
            references: state.references.count, dimension: state.dimension == 0 ? nil : state.dimension,
            k: corpus.k, capacity: corpus.settings.capacity, alpha: settings.alpha,
            metric: corpus.settings.metric.rawValue, precision: corpus.settings.precision.rawValue,
            kernels: Kernels.level.rawValue, threads: settings.threads,
            spool: .init(
                images: folders.incoming(.images), references: folders.incoming(.references),
                done: "\(folders.root)/done", failed: "\(folders.root)/failed", backlog: journal.backlog),
            store: .init(path: settings.data, bytes: usage.usedBytes, maximumBytes: usage.mapBytes),
            lastReceipts: try corpus.lastReceipts(16).map { ShardReceipt($0, unchanged: false) },
            lastFailures: journal.failures,
            uptimeS: (Date().timeIntervalSince(started) * 1000).rounded() / 1000)
    }

    /// The whole body, up to the limit.
    private func body(_ request: Request) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > RequestLimits.bodyBytes {
            throw Problem.bodyTooLarge
        }
        return try await request.body.collect(upTo: RequestLimits.bodyBytes)
    }

    private func id(_ context: BasicRequestContext) throws -> String {
        let raw = try context.parameters.require("id")
        guard let id = raw.removingPercentEncoding else {
            throw Problem.badRequest("bad_id", "The id in the path is not percent-encoded UTF-8.")
        }
        return id
    }

    /// Runs `body` on a thread of its own.
    private func offLoop<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await threads.runIfActive(body)
    }
}

extension DaemonMetrics.SearchOutcome {
    /// How a search that ended with `error` counts.
    fileprivate init(_ error: any Error) {
        switch error {
        case SearchQueue.Refusal.overloaded: self = .overloaded
        case SearchQueue.Refusal.query, is Problem, is NIOTooManyBytesError: self = .refused
        default: self = .failed
        }
    }
}
