internal import Evaluation
internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import Observability
internal import QuerySampling
internal import WireAPI

/// `POST /v1/search`: the images with the highest scores for each query.
struct SearchResource: Resource {
    let corpus: Corpus
    let queue: SearchQueue
    let settings: @Sendable () -> APISettings
    let metrics: DaemonMetrics
    let bodies: BodyReader
    /// Gets the queries of answered searches; `nil` for none.
    let sampler: QuerySampler?
    /// Gets the queries of answered searches; `nil` for none.
    let monitor: ReferenceMatchMonitor?
    /// Limits the hits of all responses together, from the request until the response is sent.
    let hits = MemoryBudget(RequestLimits.allHits, free: RequestLimits.freeHits)

    let method = HTTPRequest.Method.post
    let path = "/v1/search"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        do {
            return try await search(request, context)
        } catch {
            metrics.notSearched(.init(error))
            throw error
        }
    }

    private func search(_ request: Request, _ context: APIContext) async throws -> Response {
        try request.checkParameters("top_k", "alpha", "min_score", "recall", "rescore", "probes", "sample")
        if case .other(let name) = request.mediaType { throw Problem.unsupportedMediaType(name) }
        let clock = ContinuousClock()
        let reservation = hits.reservation()
        let (answer, start) = try await bodies.withBody(of: request) { body in
            let start = clock.now
            let settings = settings()
            let search = try SearchBody(
                body, request: request, defaultAlpha: settings.alpha, defaultRecall: settings.recall,
                v2Elements: settings.v2Elements)
            try reserve(reservation, for: search)
            let vectors = bodies.reservation()
            let batch = try await batch(for: search, vectors)
            var answer = try await queue.search(batch)
            if search.canBeSampled {
                monitor?.offer(batch)
                if let sampler, sampler.isOn { sampler.offer(batch, client: await context.user()) }
            }
            answer.hits = search.filter.hits(answer.hits)
            return withExtendedLifetime(vectors) { (answer, start) }
        }
        let took = (clock.now - start) / .milliseconds(1)
        let document = try Self.document(
            answer, tookMs: (took * 1000).rounded() / 1000, for: request.acceptedTypes, reservation)
        metrics.searched(took: clock.now - start)
        return Response(body: document.body, mediaType: document.mediaType, holding: reservation)
    }

    /// The queries of a search, with the vectors of the store where the request names ids.
    ///
    /// - Parameter reservation: gets the memory of vectors of the store.
    private func batch(for search: SearchBody, _ reservation: MemoryBudget.Reservation) async throws -> SearchBatch {
        let topK = search.filter.searched
        switch search.queries {
        case .vectors(let vectors):
            do throws(RejectedQuery) {
                return try SearchBatch(
                    queries: vectors, topK: topK, alpha: search.alpha, recall: search.recall, rescore: search.rescore,
                    probes: search.probes)
            } catch {
                throw Problem(.query(error.index, error.reason))
            }
        case .stored(let role, let ids):
            try reservation.grow(to: min(ids.count * corpus.state().dimension * 4, RequestLimits.bodyBytes))
            let vectors = try await blocking {
                do {
                    return try corpus.vectors(of: ids, role, maximumBytes: RequestLimits.bodyBytes)
                } catch let unknown as UnknownID {
                    throw Problem.unknownID(unknown.role, unknown.id)
                }
            }
            guard let vectors else { throw Problem.tooManyIDs(ids.count) }
            return SearchBatch(
                vectors: vectors, count: ids.count, topK: topK, alpha: search.alpha, recall: search.recall,
                rescore: search.rescore, probes: search.probes)
        }
    }

    /// The results in the form that the client prefers: JSON, unless it wants an .npz file more.
    ///
    /// If the results can't be an .npz file, or it needs more memory than there is, a client that also accepts JSON
    /// gets JSON.
    private static func document(
        _ answer: SearchQueue.Answer, tookMs: Double, for accepted: AcceptedTypes,
        _ reservation: MemoryBudget.Reservation
    ) throws -> (body: ByteBuffer, mediaType: String) {
        let recall = answer.accuracy.map { SearchResponse.Recall($0) }
        let jsonQuality = accepted.quality(of: Response.jsonMediaType)
        if accepted.quality(of: SearchArchive.mediaType) > jsonQuality {
            do {
                let archive = try SearchArchive(
                    answer.hits, generation: answer.generation, recall: recall, tookMs: tookMs)
                try reservation.grow(to: archive.sizeInHits)
                return (archive.body, SearchArchive.mediaType)
            } catch let problem as Problem {
                guard jsonQuality > 0 else { throw problem }
            }
        }
        let results = answer.hits.map { hits in
            hits.map { SearchResponse.Hit(id: $0.id, score: $0.score, similarity: $0.similarity, bias: $0.bias) }
        }
        let response = SearchResponse(
            generation: answer.generation, results: results, recall: recall, tookMs: tookMs)
        return (ByteBuffer(bytes: response.json), Response.jsonMediaType)
    }

    /// Rejects a search if its hits would take too much memory, alone or with those of the other requests under way.
    private func reserve(_ reservation: MemoryBudget.Reservation, for search: SearchBody) throws {
        let count = search.count * min(search.topK, try corpus.state().images.count)
        guard count <= RequestLimits.hits else {
            throw Problem.badRequest(
                "too_many_hits",
                "\(search.count) queries would find \(count) images; one response can have \(RequestLimits.hits).")
        }
        try reservation.grow(to: count)
    }
}

extension SearchResponse.Recall {
    fileprivate init(_ accuracy: SearchAccuracy) {
        self.init(
            target: accuracy.target, exact: accuracy.exactReason != nil, reason: accuracy.exactReason?.rawValue,
            calibration: accuracy.calibration, scannedRows: accuracy.scannedRows,
            probedCells: accuracy.probedCells, rescoredRows: accuracy.rescoredRows)
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
