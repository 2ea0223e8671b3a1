internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import WireAPI

/// `GET /v1/changes`: the images that have changed since a cursor, in their latest state.
///
/// The answer is lines of JSON, or an .npz file if the client prefers it.
struct ChangesResource: Resource {
    let corpus: Corpus
    /// Limits the memory of all pages together, from their creation until they are sent.
    let budget: MemoryBudget

    let method = HTTPRequest.Method.get
    let path = "/v1/changes"

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters("since", "limit", "include")
        let cursor = try Self.cursor(request)
        let limit = try ListingResource.limit(request)
        let includesVectors = try Self.includesVectors(request)
        let accepted = request.acceptedTypes
        let quality = (accepted.quality(of: ChangesArchive.mediaType), accepted.quality(of: Response.lineMediaType))
        let reservation = budget.reservation()
        let (body, mediaType) = try await blocking {
            let page = try Self.page(of: corpus, since: cursor, limit: limit, includesVectors: includesVectors)
            try reservation.grow(to: page.changes.reduce(0) { $0 + 4 * ($1.vector?.count ?? 0) })
            if quality.0 > quality.1 {
                do {
                    let archive = try ChangesArchive(page, includesVectors: includesVectors)
                    try reservation.grow(to: 2 * archive.byteCount)
                    return (archive.body, ChangesArchive.mediaType)
                } catch let problem as Problem {
                    guard quality.1 > 0 else { throw problem }
                }
            }
            return (try Self.lines(page, reservation), Response.lineMediaType)
        }
        return Response(body: body, mediaType: mediaType, holding: reservation)
    }

    /// Reads a page; without a cursor one that is empty.
    private static func page(
        of corpus: Corpus, since cursor: ChangeCursor?, limit: Int, includesVectors: Bool
    ) throws -> ChangePage {
        do {
            guard let cursor else { return try corpus.presentCursor() }
            return try corpus.changes(
                since: cursor, limit: limit, includesVectors: includesVectors,
                maximumVectorBytes: RequestLimits.changedVectorBytes)
        } catch let error as ChangeFeedError {
            throw Problem(error)
        }
    }

    /// The cursor of the request; `nil` for the present generation.
    private static func cursor(_ request: Request) throws -> ChangeCursor? {
        guard let text = request.uri.queryParameters["since"].map({ String($0) }) else {
            throw Problem.badCursor("'since' is missing")
        }
        if text == "now" { return nil }
        if text == "start" { return .start }
        guard let cursor = ChangeCursor(text) else { throw Problem.badCursor("'since' is '\(text)'") }
        return cursor
    }

    private static func includesVectors(_ request: Request) throws -> Bool {
        guard let text = request.uri.queryParameters["include"] else { return false }
        guard text == "vectors" else {
            throw Problem.badRequest("bad_include", "'include' is '\(text)'; it must be vectors, or be left out.")
        }
        return true
    }

    /// The page as lines of JSON.
    ///
    /// - Parameter reservation: gets the memory of the lines.
    private static func lines(_ page: ChangePage, _ reservation: MemoryBudget.Reservation) throws -> ByteBuffer {
        var body = ByteBuffer()
        for change in page.changes {
            let line = ChangeLine(
                change: change.kind.rawValue, id: change.id, mean: change.mean, vector: change.vector)
            body.writeBytes(line.json)
            body.writeString("\n")
            try reservation.grow(to: 2 * body.readableBytes)
        }
        body.writeBytes(
            try WireJSON.encode(
                ChangesEnd(
                    dimension: page.dimension > 0 ? page.dimension : nil, generation: page.generation,
                    images: page.images, initial: page.isInitial, k: page.k, more: page.hasMore,
                    nextCursor: page.cursor.text)))
        body.writeString("\n")
        return body
    }
}

extension Problem {
    /// The error of a cursor that can't be read.
    static func badCursor(_ text: String) -> Problem {
        badRequest("bad_cursor", "\(text); it must be a 'next_cursor' of an earlier answer, start or now.")
    }

    /// The error of changes that can't be read.
    init(_ error: ChangeFeedError) {
        switch error {
        case .off:
            self = .conflict(
                "changes_off", "This nnnd keeps no changes: its setting change-log-size is 0. Set it, and reload nnnd.")
        case .expired(let oldest):
            self = Self.gone(
                "cursor_expired",
                "The changes since this cursor are no longer kept; they are kept since generation \(oldest).")
        case .foreign:
            self = Self.gone(
                "cursor_unknown",
                "The cursor is not from this store: the store was rebuilt or restored from a backup, or is another.")
        }
    }

    private static func gone(_ code: String, _ reason: String) -> Problem {
        Problem(
            title: "Gone", status: 410, detail: "\(reason) Read all images again, with 'since' start.", code: code)
    }
}
