import Foundation
import HTTPTypes
import IncrementalBias
import Observability
import Testing
import WireAPI

/// The paths that read the corpus.
@Suite struct ReadingResourceTests {
    private let api: TestAPI

    init() throws {
        api = try TestAPI(images: [[1, 0], [0, 1]], references: [[1, 0], [0.6, 0.8]])
    }

    @Test func theStatusDescribesCorpusSettingsAndSpool() async throws {
        api.spoolStatus.backlog = 3
        let status = try await api.send(.get, "/v1/status").json(Status.self)
        #expect((status.images, status.references, status.dimension, status.generation) == (2, 2, 2, 2))
        #expect((status.k, status.capacity, status.alpha, status.threads) == (4, 8, 0.5, 1))
        #expect((status.metric, status.precision, status.version) == ("cosine", "float32", Version.current))
        #expect(
            (status.spool.images, status.spool.failed, status.spool.backlog) == ("/spool/images", "/spool/failed", 3))
        #expect(status.store.path == api.folder && status.store.bytes > 0)
        #expect(status.lastReceipts.map(\.name) == ["i.npy", "r.npy"])
        #expect(status.uptimeS >= 0)
    }

    @Test func withoutVectorsThereIsNoDimension() async throws {
        #expect(try await TestAPI().send(.get, "/v1/status").json(Status.self).dimension == nil)
    }

    @Test func anImageHasItsBiasAndItsReferences() async throws {
        let report = try await api.send(.get, "/v1/images/i%3A0").json(ImageReport.self)
        #expect((report.id, report.generation, report.alpha, report.used) == ("i:0", 2, 0.5, 2))
        #expect(report.references.map(\.id) == ["r:0", "r:1"])
        #expect(abs(report.mean - 0.8) < 1e-6 && abs(report.bias - 0.4) < 1e-6)
    }

    @Test func aReferenceHasItsVector() async throws {
        let report = try await api.send(.get, "/v1/references/r:1").json(ReferenceReport.self)
        #expect((report.id, report.generation) == ("r:1", 2))
        #expect(zip(report.vector, [0.6, 0.8] as [Float]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test(arguments: ["images", "references"]) func anUnknownIDIsNotFound(kind: String) async throws {
        let reply = try await api.send(.get, "/v1/\(kind)/unknown")
        #expect((reply.status, reply.code) == (404, "unknown_id"))
    }

    @Test(arguments: ["%ff", "%", "%2"]) func anIDMustBePercentEncodedUTF8(id: String) async throws {
        let reply = try await api.send(.get, "/v1/images/\(id)")
        #expect((reply.status, reply.code) == (400, "bad_id"))
    }

    @Test func healthAndReadinessAreDocuments() async throws {
        #expect(try await api.send(.get, "/healthz").text == #"{"status":"alive"}"#)
        #expect(try await api.send(.get, "/readyz").text == #"{"status":"ready"}"#)
    }

    @Test(arguments: ["/", "/v1", "/v2/search", "/v1/images/a/b", "/V1/search"])
    func anUnknownPathIsNotFound(path: String) async throws {
        for method in [HTTPRequest.Method.get, .post] {
            let reply = try await api.send(method, path)
            #expect((reply.status, reply.code) == (404, "unknown_path"))
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, "/v1/search", "OPTIONS, POST"), (.put, "/v1/verify", "OPTIONS, POST"),
        (.post, "/v1/status", "GET, HEAD, OPTIONS"), (.delete, "/v1/images/i%3A0", "GET, HEAD, OPTIONS"),
        (.post, "/metrics", "GET, HEAD, OPTIONS"), (.patch, "/healthz", "GET, HEAD, OPTIONS"),
        (.head, "/v1/search", "OPTIONS, POST"),
    ])
    func aWrongMethodNamesTheAllowedOne(method: HTTPRequest.Method, path: String, allowed: String) async throws {
        let reply = try await api.send(method, path)
        #expect((reply.status, reply.code) == (405, "wrong_method"))
        #expect(reply.headers[.allow] == allowed)
        #expect(reply.detail == "\(method.rawValue) can't be used here; use \(allowed).")
    }

    @Test(arguments: [
        ("/v1/search", "OPTIONS, POST"), ("/v1/images/x", "GET, HEAD, OPTIONS"),
        ("*", "GET, HEAD, OPTIONS, PATCH, POST"),
    ])
    func optionsNameTheMethods(path: String, allowed: String) async throws {
        let reply = try await api.send(.options, path)
        #expect((reply.status, reply.headers[.allow], reply.body) == (204, allowed, []))
    }

    @Test func aHeadHasTheHeadersOfItsGet() async throws {
        let path = "/v1/images/i%3A0"
        let (get, head) = (try await api.send(.get, path), try await api.send(.head, path))
        #expect((head.status, head.headers, head.body) == (get.status, get.headers, []))
        // Its length isn't known before it has been made.
        #expect(try await api.send(.head, "/v1/backup").headers[.contentLength] == nil)
        #expect(try await api.send(.head, "/v1/images/unknown").status == 404)
    }

    @Test(arguments: ["/v1/status", "/v1/references/r%3A0", "/v1/backup"])
    func anUnknownParameterIsAnError(path: String) async throws {
        let reply = try await api.send(.get, path + "?top_k=1&x=2")
        #expect((reply.status, reply.code) == (400, "unknown_parameter"))
        #expect(reply.detail == "The query string has the unknown parameters 'top_k', 'x'; the path takes none.")
    }

    @Test func aVerificationOfAGoodStoreFindsNothing() async throws {
        let report = try await api.send(.post, "/v1/verify").json(VerifyReport.self)
        #expect((report.checked, report.wrong, report.wrongReferences) == (2, 0, 0))
        let sampled = try await api.send(.post, "/v1/verify", body: Array(#"{"sample": 1}"#.utf8))
        #expect(try sampled.json(VerifyReport.self).checked == 1)
    }

    @Test(arguments: [(#"{"sample": 0}"#, "bad_sample"), ("{", "bad_json"), (#"{"sample": "1"}"#, "bad_json")])
    func aBadVerificationIsRejected(body: String, code: String) async throws {
        let reply = try await api.send(.post, "/v1/verify", body: Array(body.utf8))
        #expect((reply.status, reply.code) == (400, code))
    }
}
