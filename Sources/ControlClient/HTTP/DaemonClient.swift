internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1
package import WireAPI

/// The daemon's HTTP API, called through its Unix socket.
///
/// For example:
///
///     let daemon = DaemonClient(socket: "/run/nnnd/nnnd.sock")
///     let images = try await daemon.status().value.images
///
/// Every method throws the daemon's `Problem` if the daemon rejects the request, and ``Failure`` if the daemon can't be
/// reached or its response can't be read.
package struct DaemonClient: Sendable {
    /// The timeout of a request that needs no long computation.
    private static let timeout = Duration.seconds(30)
    /// The maximum size of a response that is read into memory.
    private static let maximumResponseBytes = 2 << 30

    /// The socket's path.
    private let socket: String
    private let exchange: HTTPExchange

    /// A client of the daemon that listens on the socket with this path; each request opens a new connection.
    package init(socket: String) {
        self.socket = socket
        exchange = HTTPExchange(socket: socket)
    }

    /// Gets the status: `GET /v1/status`.
    package func status() async throws -> Answer<Status> {
        try await get("/v1/status")
    }

    /// Gets an image's bias and the references that it is computed from: `GET /v1/images/{id}`.
    ///
    /// - Parameter vector: whether the report has the image's vector.
    func image(_ id: String, vector: Bool = false) async throws -> Answer<ImageReport> {
        try await get("/v1/images/\(id.percentEncoded)\(vector ? "?vector=true" : "")")
    }

    /// Gets an image's bias like ``image(_:vector:)``, but with a clearer error if a reference has the id.
    ///
    /// - Throws: ``Failure`` if no image but a reference has the id; else as ``image(_:vector:)``.
    package func explain(_ id: String, vector: Bool = false) async throws -> Answer<ImageReport> {
        do {
            return try await image(id, vector: vector)
        } catch let problem as Problem where problem.status == 404 {
            guard (try? await reference(id)) != nil else { throw problem }
            throw Failure(.dataRejected, "'\(id.printable)' is a reference, not an image: references have no bias")
        }
    }

    /// Gets a reference: `GET /v1/references/{id}`.
    package func reference(_ id: String) async throws -> Answer<ReferenceReport> {
        try await get("/v1/references/\(id.percentEncoded)")
    }

    /// Searches for queries: `POST /v1/search`.
    ///
    /// There is no timeout.
    ///
    /// - Parameters:
    ///   - queries: the bytes of an .npy file with a query in each row.
    ///   - topK: the number of images to find for each query.
    ///   - alpha: the weight of the bias; `nil` for the daemon's setting.
    ///   - minScore: the smallest score of a hit; `nil` for no limit.
    ///   - recall: the recall of the answers, 1 for exact ones; `nil` for the daemon's setting.
    ///   - rescore: the number of rows that an approximate search scores exactly; `nil` for a calibrated number.
    package func search(
        _ queries: [UInt8], topK: Int, alpha: Float?, minScore: Float? = nil, recall: Double? = nil,
        rescore: Int? = nil
    ) async throws -> Answer<SearchResponse> {
        let weight = alpha.map { "&alpha=\($0)" } ?? ""
        let limit = minScore.map { "&min_score=\($0)" } ?? ""
        let accuracy = (recall.map { "&recall=\($0)" } ?? "") + (rescore.map { "&rescore=\($0)" } ?? "")
        // A large number has a plus sign in its exponent, which would mean a space in a query string.
        let parameters = "top_k=\(topK)\(weight)\(limit)\(accuracy)".replacing("+", with: "%2B")
        return try await post("/v1/search?\(parameters)", queries, mediaType: "application/x-npy")
    }

    /// Searches for the stored vectors of images or references: `POST /v1/search`.
    ///
    /// There is no timeout.
    package func search(_ request: SearchRequest) async throws -> Answer<SearchResponse> {
        try await post("/v1/search", Array(try WireJSON.encode(request)), mediaType: "application/json")
    }

    /// Verifies stored means, codes, ids and vectors: `POST /v1/verify`.
    ///
    /// There is no timeout.
    package func verify(_ request: VerifyRequest) async throws -> Answer<VerifyReport> {
        try await post("/v1/verify", Array(try WireJSON.encode(request)), mediaType: "application/json")
    }

    /// Changes k, alpha or both: `PATCH /v1/settings`.
    ///
    /// There is no timeout, because another k changes the means of all images.
    package func change(_ settings: SettingsRequest) async throws -> Answer<SettingsReport> {
        try await send(.PATCH, "/v1/settings", Array(try WireJSON.encode(settings)), mediaType: "application/json")
    }

    /// Copies the store: `GET /v1/backup`.
    ///
    /// There is no timeout. The copy is complete if this method returns.
    ///
    /// - Parameter body: is called with each part of the data file, in order.
    func copyStore(_ body: (ArraySlice<UInt8>) throws -> Void) async throws {
        try await stream(request(.GET, "/v1/backup", accept: "application/octet-stream"), content: [], body)
    }

    /// Sends a request and passes the body of a successful response to `body` part by part.
    ///
    /// There is no timeout. The response is complete if this method returns.
    ///
    /// - Throws: the daemon's `Problem`, ``Failure``, and what `body` throws.
    func stream(
        _ request: HTTPRequestHead, content: [UInt8], _ body: (ArraySlice<UInt8>) throws -> Void
    ) async throws {
        var problemDocument: [UInt8] = []
        var head: HTTPResponseHead?
        var bodyError: (any Error)?
        do {
            try await exchange.send(request, content: content) { responseHead, bytes in
                head = responseHead
                guard responseHead.status == .ok else { return problemDocument += bytes.readableBytesView }
                do {
                    try body(Array(bytes.readableBytesView)[...])
                } catch {
                    bodyError = error
                    throw error
                }
            }
        } catch {
            throw bodyError ?? Failure(reaching: socket, error: error)
        }
        if let head, head.status != .ok { throw problem(head, Data(problemDocument)) }
    }

    private func get<Value: Decodable>(_ target: String) async throws -> Answer<Value> {
        try await answer(to: request(.GET, target), content: [], timeout: Self.timeout)
    }

    /// Sends a request with a body and decodes the response; there is no timeout.
    func post<Value: Decodable>(
        _ target: String, _ content: [UInt8], mediaType: String
    ) async throws -> Answer<Value> {
        try await send(.POST, target, content, mediaType: mediaType)
    }

    private func send<Value: Decodable>(
        _ method: HTTPMethod, _ target: String, _ content: [UInt8], mediaType: String
    ) async throws -> Answer<Value> {
        var request = request(method, target)
        request.headers.add(name: "Content-Type", value: mediaType)
        return try await answer(to: request, content: content, timeout: nil)
    }

    /// The head of a request for a response of a media type; problem documents are accepted too.
    func request(_ method: HTTPMethod, _ target: String, accept: String = "application/json") -> HTTPRequestHead {
        HTTPRequestHead(
            version: .http1_1, method: method, uri: target, headers: ["Accept": "\(accept), \(Problem.mediaType)"])
    }

    private func answer<Value: Decodable>(
        to request: HTTPRequestHead, content: [UInt8], timeout: Duration?
    ) async throws -> Answer<Value> {
        let (head, body) = try await response(to: request, content: content, timeout: timeout)
        let document = Data(body)
        guard head.status == .ok else { throw problem(head, document) }
        do {
            return Answer(value: try WireJSON.decode(Value.self, from: document), document: document)
        } catch {
            throw unreadable(error)
        }
    }

    /// The failure to report if a response can't be read.
    func unreadable(_ error: any Error) -> Failure {
        Failure(
            .internalFault,
            "the answer from \(socket) can't be read: is it nnnd, and of the same version as nnnctl? (\(error))")
    }

    /// Sends a request and returns the whole response; throws ``Failure`` if that fails.
    private func response(
        to request: HTTPRequestHead, content: [UInt8], timeout: Duration?
    ) async throws -> (HTTPResponseHead, [UInt8]) {
        do {
            guard let timeout else {
                return try await exchange.collect(request, content: content, upTo: Self.maximumResponseBytes)
            }
            return try await withTimeout(timeout) {
                try await exchange.collect(request, content: content, upTo: Self.maximumResponseBytes)
            }
        } catch {
            throw Failure(reaching: socket, error: error)
        }
    }

    /// The problem document of a response whose status is not 200; a generic problem if it has none.
    private func problem(_ head: HTTPResponseHead, _ document: Data) -> Problem {
        if let problem = try? WireJSON.decode(Problem.self, from: document) { return problem }
        return Problem(
            title: head.status.reasonPhrase, status: Int(head.status.code),
            detail: "nnnd answered with HTTP status \(head.status.code) and gave no reason.",
            code: "http_\(head.status.code)")
    }
}
