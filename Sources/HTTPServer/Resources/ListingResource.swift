internal import HTTPTypes
internal import Hummingbird
internal import IncrementalBias
internal import NIOCore
internal import ShardFormats
internal import WireAPI

/// `GET /v1/images` and `GET /v1/references`: the images or references by ascending bytes of their ids, page by page.
///
/// A page is lines of JSON. If more follow, the field `Link` has the target of the next page (RFC 8288).
struct ListingResource: Resource {
    let role: VectorRole
    let corpus: Corpus
    let settings: @Sendable () -> APISettings
    /// Limits the memory of all pages together, from their creation until they are sent.
    let budget: MemoryBudget

    let method = HTTPRequest.Method.get
    var path: String { "/v1/\(role.rawValue)" }

    func respond(to request: Request, context: APIContext) async throws -> Response {
        try request.checkParameters("after", "limit")
        let start = request.uri.queryParameters["after"].map { String($0) } ?? ""
        let limit = try Self.limit(request)
        let alpha = settings().alpha
        let reservation = budget.reservation()
        let page = try await blocking {
            switch role {
            case .images:
                try Page(corpus.listImages(after: start, limit: limit), id: \.id, reservation) {
                    ImageLine(id: $0.id, bias: alpha * $0.mean, mean: $0.mean)
                }
            case .references:
                try Page(corpus.listReferences(after: start, limit: limit), id: \.id, reservation) {
                    ReferenceLine(id: $0.id, arrived: $0.arrived, source: $0.source.rawValue)
                }
            }
        }
        var response = Response(body: page.body, mediaType: Response.lineMediaType, holding: reservation)
        if let last = page.next, let link = HTTPField.Name("Link") {
            response.headers[link] = "<\(path)?after=\(last.percentEncoded)&limit=\(limit)>; rel=\"next\""
        }
        return response
    }

    /// The parameter `limit` of a request: the maximum number of lines.
    static func limit(_ request: Request) throws -> Int {
        guard let text = request.uri.queryParameters["limit"] else { return RequestLimits.defaultListedLines }
        guard let limit = Int(String(text)), RequestLimits.listedLines.contains(limit) else {
            throw Problem.badRequest(
                "bad_limit",
                "'limit' is '\(text)'; it must be from 1 to \(RequestLimits.listedLines.upperBound).")
        }
        return limit
    }

    /// The lines of a page.
    private struct Page: Sendable {
        let body: ByteBuffer
        /// The id after which the next page begins; `nil` on the last page.
        let next: String?

        /// - Parameters:
        ///   - id: returns the id of an element.
        ///   - reservation: gets the memory of the page.
        ///   - line: returns the line of an element.
        init<Element, Line: Encodable>(
            _ page: ListingPage<Element>, id: (Element) -> String, _ reservation: MemoryBudget.Reservation,
            line: (Element) -> Line
        ) throws {
            var body = ByteBuffer()
            for element in page.elements {
                body.writeBytes(try WireJSON.encode(line(element)))
                body.writeString("\n")
                try reservation.grow(to: body.readableBytes)
            }
            self.body = body
            next = page.hasMore ? page.elements.last.map(id) : nil
        }
    }
}
