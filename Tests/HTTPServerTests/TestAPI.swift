import Foundation
import HTTPServer
import HTTPTypes
import Hummingbird
import IncrementalBias
import Logging
import NIOCore
import NIOEmbedded
import Observability
import ShardFormats
import VectorMath

/// The API over a corpus in a temporary folder, called without a socket.
final class TestAPI: Sendable {
    let corpus: Corpus
    let queue: SearchQueue
    let spoolStatus = SpoolStatus(changes: ChangeSignal())
    let metrics = DaemonMetrics()
    let folder: String
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    private let responder: any HTTPResponder<APIContext>

    /// - Parameters:
    ///   - images: a row for each image.
    ///   - imageIDs: the ids of the images; `nil` for `i:ROW`.
    ///   - references: a row for each reference; its id is `r:ROW`.
    init(
        images: [[Float]] = [], imageIDs: [String]? = nil, references: [[Float]] = [], metric: Metric = .cosine
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "nnnd-test-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        corpus = try Corpus(
            folder: folder, settings: RequestedSettings(metric: metric, precision: .float32, capacity: 8), k: 4,
            threads: 1)
        queue = SearchQueue(corpus)
        let settings = APISettings(alpha: 0.5, threads: 1, spool: "/spool", data: folder)
        responder = API(
            corpus: corpus, queue: queue, settings: { settings },
            applySettings: { [corpus] in try corpus.setK($0.k ?? corpus.state().k, keeping: $0) },
            spoolStatus: spoolStatus, metrics: metrics, started: Date()
        ).responder()
        try add(.references, "r", references, ids: nil)
        try add(.images, "i", images, ids: imageIDs)
    }

    deinit {
        queue.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func add(_ role: VectorRole, _ name: String, _ rows: [[Float]], ids: [String]?) throws {
        guard let dimension = rows.first?.count else { return }
        let shard = IncomingShard(
            name: "\(name).npy", role: role, sha256: String(repeating: "0", count: 64), idsSHA256: nil,
            ids: ids ?? rows.indices.map { "\(name):\($0)" },
            content: .vectors(try corpus.prepare(rows.flatMap { $0 }, dimension: dimension)), received: Date())
        _ = try corpus.ingest([shard], acknowledged: [], now: Date.init)
    }

    /// The response to a request, with its body still to be read.
    func response(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: RequestBody
    ) async throws -> Response {
        let head = HTTPRequest(method: method, scheme: "http", authority: "x", path: path, headerFields: headers)
        let context = APIContext(
            source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Self.logger))
        return try await responder.respond(to: Request(head: head, body: body), context: context)
    }

    /// The whole response to a request.
    func send(
        _ method: HTTPRequest.Method, _ path: String, type: String? = nil, accept: String? = nil, body: [UInt8] = []
    ) async throws -> Reply {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.accept] = accept
        let body = RequestBody(buffer: ByteBuffer(bytes: body))
        return try await Reply(response(method, path, headers: headers, body: body))
    }

    /// The response to a search whose body is JSON.
    func search(_ json: String) async throws -> Reply {
        try await send(.post, "/v1/search", type: "application/json", body: Array(json.utf8))
    }

    /// The response to a search whose body is an .npy file.
    func search(_ queries: [[Float]], _ parameters: String = "", accept: String? = nil) async throws -> Reply {
        let matrix = Matrix(rows: queries.count, dimension: queries[0].count, values: queries.flatMap { $0 })
        let body = NPY.write(matrix)
        return try await send(.post, "/v1/search\(parameters)", type: "application/x-npy", accept: accept, body: body)
    }
}
