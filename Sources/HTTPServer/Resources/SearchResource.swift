internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import Observability
internal import WireAPI

/// `POST /v1/search`: the images with the highest scores for each query.
struct SearchResource: Resource {
    let corpus: Corpus
    let queue: SearchQueue
    let settings: @Sendable () -> APISettings
    let metrics: DaemonMetrics
    let bodies: BodyReader
    /// Limits the hits of all responses together, from the request until the response is sent.
    let hits = MemoryBudget(RequestLimits.allHits, free: RequestLimits.freeHits)

    let method = HTTPRequest.Method.post
    let path = "/v1/search"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        do {
            return try await search(request)
        } catch {
            metrics.notSearched(.init(error))
            throw error
        }
    }

    private func search(_ request: Request) async throws -> Response {
        try request.checkParameters("top_k", "alpha")
        if case .other(let name) = request.mediaType { throw Problem.unsupportedMediaType(name) }
        let clock = ContinuousClock()
        let reservation = hits.reservation()
        let (answer, start) = try await bodies.withBody(of: request) { body in
            let start = clock.now
            let settings = settings()
            let batch = try SearchBody(
                body, request: request, defaultAlpha: settings.alpha, v2Elements: settings.v2Elements
            ).batch
            try reserve(reservation, for: batch)
            return (try await queue.search(batch), start)
        }
        let took = (clock.now - start) / .milliseconds(1)
        let document = try Self.document(
            answer, tookMs: (took * 1000).rounded() / 1000, for: request.acceptedTypes, reservation)
        metrics.searched(took: clock.now - start)
        return Response(body: document.body, mediaType: document.mediaType, holding: reservation)
    }

    /// The results in the form that the client prefers: JSON, unless it wants an .npz file more.
    ///
    /// If the results can't be an .npz file, or it needs more memory than there is, a client that also accepts JSON
    /// gets JSON.
    private static func document(
        _ answer: SearchQueue.Answer, tookMs: Double, for accepted: AcceptedTypes,
        _ reservation: MemoryBudget.Reservation
    ) throws -> (body: ByteBuffer, mediaType: String) {
        let jsonQuality = accepted.quality(of: Response.jsonMediaType)
        if accepted.quality(of: SearchArchive.mediaType) > jsonQuality {
            do {
                let archive = try SearchArchive(answer.hits, generation: answer.generation, tookMs: tookMs)
                try reservation.grow(to: archive.weight)
                return (archive.body, SearchArchive.mediaType)
            } catch let problem as Problem {
                guard jsonQuality > 0 else { throw problem }
            }
        }
        let results = answer.hits.map { hits in
            hits.map { SearchResponse.Hit(id: $0.id, score: $0.score, similarity: $0.similarity, bias: $0.bias) }
        }
        let response = SearchResponse(generation: answer.generation, results: results, tookMs: tookMs)
        return (ByteBuffer(bytes: response.json), Response.jsonMediaType)
    }

    /// Rejects a search if its hits would take too much memory, alone or with those of the other requests under way.
    private func reserve(_ reservation: MemoryBudget.Reservation, for batch: SearchBatch) throws {
        let count = batch.count * min(batch.topK, try corpus.state().images.count)
        guard count <= RequestLimits.hits else {
            throw Problem.badRequest(
                "too_many_hits",
                "\(batch.count) queries would find \(count) images; one response can have \(RequestLimits.hits).")
        }
        try reservation.grow(to: count)
    }
}

extension DaemonMetrics.SearchOutcome {
    /// The outcome of a search that ended with `error`.
    fileprivate init(_ error: any Error) {
        switch error {
        case SearchQueue.Rejection.overloaded: self = .overloaded
        case let problem as Problem where problem.status == 503: self = .overloaded
        case SearchQueue.Rejection.query, is Problem: self = .rejected
        default: self = .failed
        }
    }
}
