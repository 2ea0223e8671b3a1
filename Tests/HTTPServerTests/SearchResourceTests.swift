import HTTPTypes
import Hummingbird
import IncrementalBias
import NIOCore
import Testing
import WireAPI

/// `POST /v1/search`.
@Suite struct SearchResourceTests {
    private let api: TestAPI

    init() throws {
        api = try TestAPI(images: [[1, 0, 0], [0, 2, 0], [0, 0, 1]], references: [[1, 0, 0]])
    }

    @Test func jsonQueriesFindImagesByScore() async throws {
        let reply = try await api.search(#"{"queries": [[1, 0, 0], [0, 1, 0.5]], "top_k": 2, "alpha": 0.25}"#)
        #expect(reply.status == 200)
        #expect(reply.headers[.contentType] == "application/json")
        #expect(reply.headers[.contentLength] == "\(reply.body.count)")
        let response = try reply.json(SearchResponse.self)
        #expect(response.generation == 2)
        #expect(response.tookMs >= 0)
        #expect(response.results.map { $0.map(\.id) } == [["i:0", "i:1"], ["i:1", "i:2"]])
        let best = response.results[0][0]
        #expect((best.similarity, best.bias, best.score) == (1, 0.25, 0.75))
    }

    @Test func npyQueriesTakeTheirParametersFromTheQueryString() async throws {
        let response = try await api.search([[1, 0, 0]], "?top_k=1&alpha=2").json(SearchResponse.self)
        // With this alpha the bias outweighs the similarity.
        #expect(response.results.map { $0.map(\.id) } == [["i:1"]])
    }

    @Test func withoutParametersTheDefaultsApply() async throws {
        let response = try await api.search([[1, 0, 0]]).json(SearchResponse.self)
        #expect(response.results[0].count == 3)
        #expect(response.results[0][0].bias == 0.5)
    }

    @Test(arguments: ["application/json; charset=utf-8", "APPLICATION/JSON", nil]) func jsonHasTheseMediaTypes(
        type: String?
    ) async throws {
        let body = Array(#"{"queries": [[1, 0, 0]]}"#.utf8)
        #expect(try await api.send(.post, "/v1/search", type: type, body: body).status == 200)
    }

    @Test(arguments: ["text/plain", "x", "application/xml; q=1"]) func otherMediaTypesAreRejected(type: String)
        async throws
    {
        let reply = try await api.send(.post, "/v1/search", type: type, body: [1])
        #expect((reply.status, reply.code) == (415, "unsupported_media_type"))
        #expect(reply.headers[.contentType] == "application/problem+json")
    }

    @Test(arguments: [
        ("", ""), ("{", "line 1, column 2"), ("{}", "'queries' is missing"),
        (#"{"queries": [[1, "2"]]}"#, "queries[0][1]"),
        (#"{"queries": [[1e39]]}"#, "queries[0][0]"), (#"{"queries": [[1]], "top_k": 1.5}"#, "top_k"),
        (#"{"queries": [[1]]} x"#, "line 1, column 20"), (#"{"queries": [[1}"#, "closing bracket"),
        (#"{"queries": [[01]]}"#, "begin with 0"), (#"{"queries": nul}"#, "a value is expected"),
        (#"{"queries" 1}"#, "a colon"), (#"{1: 2}"#, "a name in quotes"), (#"{"a": 1"#, "closing brace"),
        ("{\"a\n\": 1}", "control character"), (#"{"a"#, "no end"), (#"{"a": -1.5e-}"#, "a value is expected"),
        (#"[true, false, null, "\"x"] "#, ""), (String(repeating: "[", count: 70), "nested too deeply"),
    ])
    func badJSONIsLocated(body: String, detail: String) async throws {
        let reply = try await api.search(body)
        #expect((reply.status, reply.code) == (400, "bad_json"))
        #expect(reply.detail.contains(detail), "\(reply.detail)")
    }

    @Test func aStringThatIsNotUTF8IsLocated() async throws {
        let body = Array(#"{"a": ""#.utf8) + [0xff] + Array(#""}"#.utf8)
        let reply = try await api.send(.post, "/v1/search", body: body)
        #expect(reply.code == "bad_json" && reply.detail.contains("not UTF-8"))
    }

    @Test(arguments: [[], Array("hello".utf8)]) func aBadNPYFileIsRejected(body: [UInt8]) async throws {
        let reply = try await api.send(.post, "/v1/search", type: "application/x-npy", body: body)
        #expect((reply.status, reply.code) == (400, "bad_npy"))
    }

    @Test(arguments: [
        ("top_k=0", "bad_top_k"), ("top_k=-1", "bad_top_k"), ("top_k=ten", "bad_top_k"), ("top_k=", "bad_top_k"),
        ("alpha=-1", "bad_alpha"), ("alpha=1001", "bad_alpha"), ("alpha=nan", "bad_alpha"), ("alpha=much", "bad_alpha"),
    ])
    func aBadParameterHasItsCode(parameter: String, code: String) async throws {
        let reply = try await api.search([[1, 0, 0]], "?" + parameter)
        #expect((reply.status, reply.code) == (400, code))
    }

    @Test(
        arguments: [
            ([[1, 2]], "wrong_dimension"), ([[1, 2, .infinity]], "not_finite"), ([[1, 2, .nan]], "not_finite"),
            ([[1, 1, 1], [0, 0, 0]], "zero_vector"),
        ] as [([[Float]], String)])
    func aBadQueryHasItsCode(queries: [[Float]], code: String) async throws {
        let reply = try await api.search(queries)
        #expect((reply.status, reply.code) == (400, code))
        #expect(reply.detail.hasPrefix("Query \(queries.count - 1)"))
    }

    @Test func aQueryCanBeTooLongForTheInnerProduct() async throws {
        let api = try TestAPI(images: [[1, 0]], metric: .innerProduct)
        #expect(try await api.search([[1e30, 1]]).code == "norm_too_large")
        #expect(try await api.search([[0, 0]]).status == 200)
    }

    @Test func oneRequestCanHave4096Queries() async throws {
        let query: [Float] = [1, 0, 0]
        #expect(try await api.search(Array(repeating: query, count: 4096), "?top_k=1").status == 200)
        let reply = try await api.search(Array(repeating: query, count: 4097), "?top_k=1")
        #expect((reply.status, reply.code) == (400, "too_many_queries"))
    }

    @Test func oneResponseCanHaveAMillionHits() async throws {
        let api = try TestAPI(images: (0..<300).map { [1, Float($0)] })
        let queries = Array(repeating: [1, 0] as [Float], count: 4096)
        let reply = try await api.search(queries, "?top_k=300")
        #expect((reply.status, reply.code) == (400, "too_many_hits"))
        #expect(reply.detail.contains("1228800"))
        // The images that there are count, not the number asked for.
        #expect(try await api.search([[1, 0]], "?top_k=1000000000").json(SearchResponse.self).results[0].count == 300)
    }

    @Test func aLongResponseArrivesWhole() async throws {
        let api = try TestAPI(images: (0..<300).map { [1, Float($0)] })
        let reply = try await api.search(Array(repeating: [1, 0], count: 40), "?top_k=300")
        #expect(reply.body.count > 256 << 10)
        #expect(try reply.json(SearchResponse.self).results.count == 40)
    }

    @Test func aCorpusWithoutImagesFindsNothing() async throws {
        #expect(try await TestAPI().search([[1, 2]]).json(SearchResponse.self).results.map(\.count) == [0])
    }

    @Test func aClosedQueueMeansThatTheDaemonStops() async throws {
        api.queue.close()
        let reply = try await api.search([[1, 0, 0]])
        #expect((reply.status, reply.code) == (503, "stopping"))
    }

    @Test func searchesAreCountedByOutcome() async throws {
        _ = try await api.search([[1, 0, 0]])
        _ = try await api.search([[1, 0]])
        _ = try await api.search("{")
        api.queue.close()
        _ = try await api.search([[1, 0, 0]])
        let text = try await api.send(.get, "/metrics").text
        for (outcome, count) in [("answered", 1), ("rejected", 2), ("overloaded", 0), ("failed", 1)] {
            #expect(text.contains("nnnd_searches_total{outcome=\"\(outcome)\"} \(count)\n"))
        }
    }
}
