import HTTPTypes
import IncrementalBias
import Testing
import WireAPI

/// `POST /v1/search` with ids in place of queries, and with a smallest score.
@Suite struct SearchByIDTests {
    private static let npz = "application/x-npz"
    private let api: TestAPI

    init() throws {
        api = try TestAPI(images: [[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], references: [[0, 1, 0]])
    }

    private func ids(_ json: String) async throws -> [[String]] {
        try await api.search(json).json(SearchResponse.self).results.map { $0.map(\.id) }
    }

    @Test func anImageFindsOthersByItsVector() async throws {
        let found = try await ids(#"{"image_ids": ["i:0", "i:2", "i:0"], "alpha": 0}"#)
        #expect(found == [["i:1", "i:2"], ["i:0", "i:1"], ["i:1", "i:2"]])
        #expect(try await ids(#"{"image_ids": ["i:0", "i:1"], "top_k": 1, "alpha": 0}"#) == [["i:1"], ["i:0"]])
        #expect(try await ids(#"{"image_ids": []}"#) == [])
    }

    @Test func aReferenceFindsImagesByItsVector() async throws {
        #expect(try await ids(#"{"reference_ids": ["r:0"], "top_k": 1, "alpha": 0}"#) == [["i:1"]])
        // Its bias outweighs its similarity.
        #expect(try await ids(#"{"reference_ids": ["r:0"], "top_k": 1, "alpha": 2}"#) == [["i:0"]])
    }

    @Test func scoresAreThoseOfTheVector() async throws {
        let byID = try await api.search(#"{"image_ids": ["i:1"]}"#).json(SearchResponse.self)
        let byVector = try await api.search([[0.8, 0.6, 0]]).json(SearchResponse.self)
        let expected = byVector.results[0].filter { $0.id != "i:1" }
        #expect(byID.generation == byVector.generation)
        #expect(byID.results[0].map(\.id) == expected.map(\.id))
        for (hit, other) in zip(byID.results[0], expected) { #expect(abs(hit.score - other.score) < 1e-6) }
    }

    @Test(arguments: [#"{"image_ids": ["i:0", "r:0"]}"#, #"{"reference_ids": ["i:0"]}"#, #"{"image_ids": [""]}"#])
    func anUnknownIDIsNotFound(body: String) async throws {
        let reply = try await api.search(body)
        #expect((reply.status, reply.code) == (404, "unknown_id"))
        let empty = try await TestAPI().search(body)
        #expect((empty.status, empty.code) == (404, "unknown_id"))
    }

    @Test func anIDCanBeLongerThanAKeyOfTheStore() async throws {
        let reply = try await api.search(#"{"image_ids": ["\#(String(repeating: "x", count: 1000))"]}"#)
        #expect((reply.status, reply.code) == (404, "unknown_id"))
    }

    @Test func oneRequestCanHave4096IDs() async throws {
        func body(_ count: Int) -> String {
            #"{"top_k": 1, "image_ids": [\#(Array(repeating: "\"i:0\"", count: count).joined(separator: ","))]}"#
        }
        #expect(try await api.search(body(4096)).status == 200)
        let reply = try await api.search(body(4097))
        #expect((reply.status, reply.code) == (400, "too_many_queries"))
    }

    @Test func theVectorsOfAllIDsHaveAMaximumSize() async throws {
        let wide = try TestAPI(images: [Array(repeating: 1, count: 16_384)])
        func reply(_ count: Int) async throws -> Reply {
            let list = Array(repeating: #""i:0""#, count: count).joined(separator: ",")
            return try await wide.search(#"{"top_k": 1, "image_ids": [\#(list)]}"#)
        }
        #expect(try await reply(1024).status == 200)
        let rejected = try await reply(1025)
        #expect((rejected.status, rejected.code) == (400, "too_many_queries"))
    }

    @Test func imagesBelowTheSmallestScoreAreLeftOut() async throws {
        let body = #"{"queries": [[1, 0, 0], [0, 1, 0]], "alpha": 0, "min_score": 0.7}"#
        #expect(try await ids(body) == [["i:0", "i:1"], []])
        #expect(try await ids(#"{"image_ids": ["i:0"], "alpha": 0, "min_score": 0.7}"#) == [["i:1"]])
        let reply = try await api.search([[1, 0, 0]], "?alpha=0&min_score=0.9").json(SearchResponse.self)
        #expect(reply.results.map { $0.map(\.id) } == [["i:0"]])
    }

    @Test func aHitCanHaveExactlyTheSmallestScore() async throws {
        #expect(try await ids(#"{"queries": [[1, 0, 0]], "alpha": 0, "min_score": 1}"#) == [["i:0"]])
    }

    @Test(arguments: ["inf", "nan", "-inf", "x", ""]) func theSmallestScoreIsANumber(text: String) async throws {
        let reply = try await api.search([[1, 0, 0]], "?min_score=\(text)")
        #expect((reply.status, reply.code) == (400, "bad_min_score"))
    }

    @Test func arraysHaveEmptyIDsWhereAQueryHasFewerHits() async throws {
        let queries: [[Float]] = [[0, 1, 0], [1, 0, 0]]
        let reply = try await api.search(queries, "?alpha=0&min_score=0.7", accept: Self.npz)
        let archive = StoredArchive(reply.body)
        #expect(try archive("ids.npy").header.contains("'shape': (2, 2)"))
        #expect(try archive("ids.npy").texts(width: 3) == ["", "", "i:0", "i:1"])
        let scores = try archive("scores.npy").floats
        #expect(scores[0].isNaN && scores[1].isNaN && abs(scores[3] - 0.8) < 1e-6)
        let none = StoredArchive(try await api.search(queries, "?min_score=9", accept: Self.npz).body)
        #expect(try none("ids.npy").header.contains("'shape': (2, 0)"))
    }

    @Test func aRecallGoesWithIDsAndWithASmallestScore() async throws {
        let body = #"{"image_ids": ["i:0"], "alpha": 0, "min_score": 0.7, "recall": 0.9}"#
        let response = try await api.search(body).json(SearchResponse.self)
        #expect(response.results.map { $0.map(\.id) } == [["i:1"]])
        let recall = SearchResponse.Recall(target: 0.9, exact: true, reason: "few_images", scannedRows: 3)
        #expect(response.recall == recall)
        let parameters = "?alpha=0&min_score=0.7&recall=0.9"
        let reply = try await api.search([[0, 1, 0], [1, 0, 0]], parameters, accept: Self.npz)
        let archive = StoredArchive(reply.body)
        #expect(try archive("ids.npy").texts(width: 3) == ["", "", "i:0", "i:1"])
        #expect(try archive("recall_reason.npy").texts(width: 10) == ["few_images"])
        #expect(try archive("recall_scanned_rows.npy").numbers(UInt64.self) == [6])
    }
}
