import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Wire

/// The daemon, as seen through its socket.
struct Daemon: Sendable {
    /// How long a request may take whose answer is ready at once.
    private static let patience = TimeAmount.seconds(30)
    /// The largest answer that is read.
    private static let maximumAnswerBytes = 2 << 30

    /// The socket's path.
    let socket: String
    private let client: HTTPClient

    /// Calls `body` with the daemon behind a socket; nothing is sent before `body` asks for something.
    static func connect<Result>(_ socket: String, _ body: (Daemon) async throws -> Result) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            try await body(Daemon(socket: socket, client: client))
        }
    }

    /// Asks how the daemon is: `GET /v1/status`.
    func status() async throws -> Answer<Status> {
        try await get("/v1/status")
    }

    /// Asks why an image's bias is what it is: `GET /v1/images/{id}`.
    func image(_ id: String) async throws -> Answer<ImageReport> {
        try await get("/v1/images/\(id.percentEncoded)")
    }

    /// Asks for a reference: `GET /v1/references/{id}`.
    func reference(_ id: String) async throws -> Answer<ReferenceReport> {
        try await get("/v1/references/\(id.percentEncoded)")
    }

    /// Searches for the queries of an .npy file, however long it takes: `POST /v1/search`.
    func search(_ queries: [UInt8], topK: Int, alpha: Float?) async throws -> Answer<SearchResponse> {
        let weight = alpha.map { "&alpha=\($0)".replacing("+", with: "%2B") } ?? ""
        return try await post("/v1/search?top_k=\(topK)\(weight)", queries, mediaType: "application/x-npy")
    }

    /// Has biases recomputed, however long it takes: `POST /v1/verify`.
    func verify(_ request: VerifyRequest) async throws -> Answer<VerifyReport> {
        try await post("/v1/verify", Array(try WireJSON.encode(request)), mediaType: "application/json")
    }

    /// Takes a copy of the store, however long it takes: `GET /v1/backup`.
    ///
    /// - Parameter body: called with each part, in order. Without an error all have come.
    func backup(_ body: (ArraySlice<UInt8>) throws -> Void) async throws {
        var request = request("/v1/backup")
        request.headers.replaceOrAdd(name: "Accept", value: "application/octet-stream, \(Problem.mediaType)")
        let response = try await reaching { try await client.execute(request, deadline: .distantFuture) }
        guard response.status == .ok else {
            let document = try await reaching { try await response.body.collect(upTo: Self.maximumAnswerBytes) }
            throw problem(response, Data(document.readableBytesView))
        }
        var parts = response.body.makeAsyncIterator()
        while let part = try await reaching({ try await parts.next() }) {
            try body(Array(part.readableBytesView)[...])
        }
    }

    private func get<Value: Decodable>(_ target: String) async throws -> Answer<Value> {
        try await answer(to: request(target), deadline: .now() + Self.patience)
    }

    private func post<Value: Decodable>(
        _ target: String, _ body: [UInt8], mediaType: String
    ) async throws -> Answer<Value> {
        var request = request(target)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: mediaType)
        request.body = .bytes(ByteBuffer(bytes: body))
        return try await answer(to: request, deadline: .distantFuture)
    }

    private func request(_ target: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http+unix://\(socket.percentEncoded)\(target)")
        request.headers.add(name: "Accept", value: "application/json, \(Problem.mediaType)")
        return request
    }

    private func answer<Value: Decodable>(
        to request: HTTPClientRequest, deadline: NIODeadline
    ) async throws -> Answer<Value> {
        let (response, document) = try await reaching {
            let response = try await client.execute(request, deadline: deadline)
            return (response, Data(try await response.body.collect(upTo: Self.maximumAnswerBytes).readableBytesView))
        }
        guard response.status == .ok else { throw problem(response, document) }
        do {
            return Answer(value: try WireJSON.decode(Value.self, from: document), document: document)
        } catch {
            throw Failure(
                .internalFault,
                "the answer of \(socket) is not understood: is it nnnd, and of the same version as nnnctl? (\(error))")
        }
    }

    /// Runs what speaks to the daemon; why it got no answer, if it got none, is told as a ``Failure``.
    private func reaching<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            throw Failure(reaching: socket, error: error)
        }
    }

    /// What the daemon answered instead of what was asked for.
    private func problem(_ response: HTTPClientResponse, _ document: Data) -> Problem {
        if let problem = try? WireJSON.decode(Problem.self, from: document) { return problem }
        return Problem(
            title: response.status.reasonPhrase, status: Int(response.status.code),
            detail: "nnnd answered with HTTP status \(response.status) and no reason.",
            code: "http_\(response.status.code)")
    }
}
