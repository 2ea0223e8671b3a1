internal import Foundation
internal import HTTPTypes
package import Hummingbird
package import IncrementalBias
internal import Logging
internal import NIOCore
package import NIOPosix
package import Observability
internal import PosixSupport
internal import ShardFormats
internal import SpoolProtocol
internal import VectorMath
internal import WireAPI

/// The daemon's HTTP API, described in `docs/openapi.yaml`.
package struct API: Sendable {
    package let corpus: Corpus
    package let queue: SearchQueue
    package let settings: @Sendable () -> APISettings
    package let spoolStatus: SpoolStatus
    package let page: MetricsPage
    package let started: ContinuousClock.Instant
    /// Where calls that read the store at length run, off the event loops.
    package let threads: NIOThreadPool
    private let bodies = MemoryBudget(RequestLimits.allBodyBytes, free: RequestLimits.freeBodyBytes)
    private let hits = MemoryBudget(RequestLimits.allHits, free: RequestLimits.freeHits)
    private let backups: Backups
    private let verifications = ExclusiveOperation(rejection: .verifyRunning)

    package init(
        corpus: Corpus, queue: SearchQueue, settings: @escaping @Sendable () -> APISettings, spoolStatus: SpoolStatus,
        page: MetricsPage,
        started: ContinuousClock.Instant, threads: NIOThreadPool
    ) {
        self.corpus = corpus
        self.queue = queue
        self.settings = settings
        self.spoolStatus = spoolStatus
        self.page = page
        self.started = started
        self.threads = threads
        backups = Backups(corpus)
    }

    /// What answers requests.
    package func responder() -> some HTTPResponder<BasicRequestContext> {
        let routes: [Route] = [
            Route(.post, "/v1/search", search),
            Route(.post, "/v1/verify", verify),
            Route(.get, "/v1/status") { _, _ in try Response(json: await self.offLoop(self.status)) },
            Route(.get, "/v1/images/{id}", image),
            Route(.get, "/v1/references/{id}", reference),
            Route(.get, "/v1/backup") { _, context in try self.backups.response(logger: context.logger) },
            Route(.get, "/metrics") { _, _ in try await self.offLoop(self.page.response) },
            Route(.get, "/healthz") { _, _ in try Response(json: ["status": "alive"]) },
            Route(.get, "/readyz") { _, _ in
                _ = try await self.offLoop(self.corpus.state)
                return try Response(json: ["status": "ready"])
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
            return try await answered(request)
        } catch {
            page.metrics.notSearched(.init(error))
            throw error
        }
    }

    private func answered(_ request: Request) async throws -> Response {
        let clock = ContinuousClock()
        let reservation = hits.reservation()
        let (answer, start) = try await answer(request, reservation, clock)
        let results = answer.hits.map { hits in
            hits.map {
                SearchResponse.Hit(id: $0.id, score: $0.score, similarity: $0.similarity, bias: $0.bias)
            }
        }
        let took = (clock.now - start) / .milliseconds(1)
        let response = SearchResponse(
            generation: answer.generation, results: results, tookMs: (took * 1000).rounded() / 1000)
        let json = ByteBuffer(bytes: response.json)
        page.metrics.searched(took: clock.now - start)
        return Response(body: json, mediaType: "application/json", holding: reservation)
    }

    /// Reads the queries of a search and has them answered; what the body takes is free again afterwards.
    ///
    /// - Parameter reservation: grows to the number of hits.
    /// - Returns: the answer, and when the body had come.
    private func answer(_ request: Request, _ reservation: MemoryBudget.Reservation, _ clock: ContinuousClock)
        async throws
        -> (SearchQueue.Answer, ContinuousClock.Instant)
    {
        let room = bodies.reservation()
        let body = try await body(request, room)
        let start = clock.now
        let batch = try SearchBody(body, request: request, standardAlpha: settings().alpha).batch
        try checkSize(batch, reservation)
        let answer = try await queue.search(batch)
        return withExtendedLifetime(room) { (answer, start) }
    }

    /// Refuses a search whose answer would take all memory, alone or with those that are under way.
    private func checkSize(_ batch: SearchBatch, _ reservation: MemoryBudget.Reservation) throws {
        let hits = batch.count * min(batch.topK, try corpus.state().images.count)
        guard hits <= RequestLimits.hits else {
            throw Problem.badRequest(
                "too_many_hits",
                "\(batch.count) queries would find \(hits) images; one answer may have \(RequestLimits.hits).")
        }
        try reservation.grow(to: hits)
    }

    @Sendable private func verify(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let room = bodies.reservation()
        let body = try await body(request, room)
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
        let permit = try verifications.begin()
        // It takes long: a thread of the pool would be missing for all others.
        let found = try await withCheckedThrowingContinuation { continuation in
            NamedThread.start("verify") { continuation.resume(with: Result { try corpus.verify(sample: sample) }) }
        }
        withExtendedLifetime((room, permit)) {}
        return try Response(
            json: VerifyReport(
                checked: found.checked, wrong: found.wrongCount, largestDifference: found.largestDifference,
                images: found.wrong.map {
                    .init(
                        id: $0.id, fault: $0.fault.rawValue, stored: $0.stored.isFinite ? $0.stored : nil,
                        computed: $0.computed.isFinite ? $0.computed : nil)
                },
                wrongReferences: found.wrongReferenceCount,
                references: found.wrongReferences.map { .init(id: $0.id, fault: $0.fault.rawValue) }))
    }

    @Sendable private func image(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let id = try id(context)
        guard let found = try await offLoop({ try corpus.explainImage(id) }) else {
            throw Problem.unknownID(.images, id)
        }
        let alpha = settings().alpha
        return try Response(
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
        return try Response(json: ReferenceReport(id: id, generation: found.generation, vector: found.vector))
    }

    @Sendable private func status() throws -> Status {
        let settings = self.settings()
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
                done: "\(folders.root)/done", failed: "\(folders.root)/failed", backlog: spoolStatus.backlog),
            store: .init(path: settings.data, bytes: usage.usedBytes, maximumBytes: usage.mapBytes),
            lastReceipts: try corpus.lastReceipts(16).map { ShardReceipt($0, unchanged: false) },
            lastFailures: spoolStatus.failures,
            uptimeS: ((ContinuousClock.now - started) / .milliseconds(1)).rounded() / 1000)
    }

    /// The whole body, up to the limit.
    ///
    /// - Parameter room: grows with what has come.
    private func body(_ request: Request, _ room: MemoryBudget.Reservation) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > RequestLimits.bodyBytes {
            throw Problem.bodyTooLarge
        }
        // Parsing JSON takes many times the room of the text.
        let isNPY = request.headers[.contentType].map { !$0.lowercased().hasPrefix("application/json") } ?? false
        let weight = isNPY ? 1 : RequestLimits.allBodyBytes / RequestLimits.bodyBytes
        var body = ByteBuffer()
        do {
            for try await var part in request.body {
                let count = body.readableBytes + part.readableBytes
                guard count <= RequestLimits.bodyBytes else { throw Problem.bodyTooLarge }
                try room.grow(to: count * weight)
                body.writeBuffer(&part)
            }
        } catch let error where !(error is Problem || error is CancellationError) {
            // Not the daemon's fault: the client went away, or sent chunks that are none.
            throw Problem.badRequest("bad_body", "The body ends too early, or its chunks are not as HTTP has them.")
        }
        return body
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
        case SearchQueue.Rejection.overloaded: self = .overloaded
        case SearchQueue.Rejection.query, is Problem, is NIOTooManyBytesError: self = .rejected
        default: self = .failed
        }
    }
}
