import HTTPTypes
import Testing
import WireAPI

/// `POST /v1/search` with an .npz file as answer.
@Suite struct SearchArchiveTests {
    private static let npz = "application/x-npz"
    private static let json = "application/json"
    private static let members = ["ids", "scores", "similarities", "biases", "generation", "took_ms"].map {
        $0 + ".npy"
    }

    @Test func theArraysHaveTheHitsOfTheJSON() async throws {
        let ids = ["a", "日本語", "🙂"]
        let api = try TestAPI(images: [[1, 0, 0], [0, 2, 0], [0, 1, 1]], imageIDs: ids, references: [[1, 0, 0]])
        let queries: [[Float]] = [[1, 0.5, 0], [0, 1, 0.75]]
        let expected = try await api.search(queries, "?top_k=2").json(SearchResponse.self)
        let reply = try await api.search(queries, "?top_k=2", accept: Self.npz)
        #expect(reply.status == 200)
        #expect(reply.headers[.contentType] == Self.npz)
        #expect(reply.headers[.contentLength] == String(reply.body.count))
        let archive = StoredArchive(reply.body)
        #expect(archive.names == Self.members)
        let hits = expected.results.flatMap { $0 }
        let width = try #require(hits.map(\.id.unicodeScalars.count).max())
        #expect(try archive("ids.npy").header.contains("'<U\(width)', 'fortran_order': False, 'shape': (2, 2)"))
        #expect(try archive("ids.npy").texts(width: width) == hits.map(\.id))
        #expect(try archive("scores.npy").floats == hits.map(\.score))
        #expect(try archive("similarities.npy").floats == hits.map(\.similarity))
        #expect(try archive("biases.npy").floats == hits.map(\.bias))
        #expect(try archive("generation.npy").numbers(UInt64.self) == [expected.generation])
        #expect(try archive("took_ms.npy").numbers(UInt64.self).map(Double.init(bitPattern:))[0] > 0)
    }

    @Test func aCorpusWithoutImagesGivesArraysWithoutColumns() async throws {
        let archive = StoredArchive(try await TestAPI().search([[1, 2], [3, 4]], accept: Self.npz).body)
        for name in Self.members.prefix(4) {
            let array = try archive(name)
            #expect(array.data.isEmpty && array.header.contains("'shape': (2, 0)"))
        }
    }

    @Test(arguments: [
        ("application/x-npz", npz), ("APPLICATION/X-NPZ", npz), ("application/x-npz, application/json;q=0.5", npz),
        ("*/*;q=0.1, application/x-npz;q=0.2", npz), ("application/json;q=0, */*", npz),
        ("application/x-npz, application/problem+json", npz),
        (nil, json), ("", json), ("*/*", json), ("application/*", json), ("application/json", json),
        ("application/x-npz, application/json", json), ("application/x-npz, */*", json),
        ("application/x-npz;q=0.5, application/json;q=0.6", json), ("application/x-npz;q=0", json),
        ("application/json, application/problem+json", json), ("text/plain", json), ("application/x-npz;q=2", json),
    ])
    func theClientChoosesAndJSONIsTheDefault(accept: String?, type: String) async throws {
        let api = try TestAPI(images: [[1, 0]])
        #expect(try await api.search([[1, 0]], accept: accept).headers[.contentType] == type)
    }

    @Test func whatNumpyWouldChangeIsNotSent() async throws {
        let api = try TestAPI(images: [[1, 0]], imageIDs: ["a\0"])
        let reply = try await api.search([[1, 0]], accept: Self.npz)
        #expect((reply.status, reply.code) == (400, "npz_impossible"))
        #expect(reply.detail.contains("NUL") && reply.detail.contains(Self.json))
        let other = try await api.search([[1, 0]], accept: "application/x-npz, application/json;q=0.1")
        #expect(try other.json(SearchResponse.self).results[0].map(\.id) == ["a\0"])
        #expect(other.headers[.contentType] == Self.json)
    }

    /// 268,435,456 bytes are the limit; 240 images for 700 queries with an id of 500 code points take 336 MB of ids.
    @Test func aFileThatWouldBeTooLargeIsNotSent() async throws {
        let ids = (0..<240).map { $0 == 0 ? String(repeating: "x", count: 500) : "\($0)" }
        let api = try TestAPI(images: (0..<240).map { [1, Float($0)] }, imageIDs: ids)
        let queries = Array(repeating: [1, 0] as [Float], count: 700)
        let reply = try await api.search(queries, "?top_k=240", accept: Self.npz)
        #expect((reply.status, reply.code) == (400, "npz_impossible"))
        #expect(reply.detail.contains("268435456") && reply.detail.contains("top_k"))
        let other = try await api.search(queries, "?top_k=240", accept: "application/x-npz, application/json;q=0.1")
        #expect((other.status, other.headers[.contentType]) == (200, Self.json))
        #expect(try await api.search(queries, "?top_k=100", accept: Self.npz).status == 200)
    }
}
