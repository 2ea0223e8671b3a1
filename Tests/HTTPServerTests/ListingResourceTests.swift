import Foundation
import HTTPTypes
import IncrementalBias
import ShardFormats
import Testing
import WireAPI

/// `GET /v1/images` and `GET /v1/references`, and the vector of an image.
@Suite struct ListingResourceTests {
    private let api: TestAPI
    /// The ids of the images by ascending bytes.
    private static let ids = ["a", "a b", "a/b", "b+c&d", "é", "日本"]

    init() throws {
        let images = (0..<6).map { [1, Float($0)] }
        api = try TestAPI(images: images, imageIDs: Self.ids.reversed(), references: [[1, 0], [0, 1]])
    }

    private func lines<Line: Decodable>(_ reply: Reply, _ type: Line.Type) throws -> [Line] {
        try reply.body.split(separator: UInt8(ascii: "\n")).map { try WireJSON.decode(type, from: Data($0)) }
    }

    @Test func imagesHaveTheirBiases() async throws {
        let reply = try await api.send(.get, "/v1/images")
        #expect((reply.status, reply.headers[.contentType]) == (200, "application/x-ndjson"))
        let listed = try lines(reply, ImageLine.self)
        #expect(listed.map(\.id) == Self.ids)
        for image in listed {
            let report = try await api.send(.get, "/v1/images/\(image.id.percentEncoded)").json(ImageReport.self)
            #expect((image.mean, image.bias) == (report.mean, report.bias))
        }
    }

    @Test func referencesHaveTheTimesOfTheirArrival() async throws {
        let listed = try lines(try await api.send(.get, "/v1/references"), ReferenceLine.self)
        #expect(listed.map(\.id) == ["r:0", "r:1"])
        #expect(listed.allSatisfy { abs($0.arrived.timeIntervalSinceNow) < 600 })
    }

    @Test(arguments: 1...7) func pagesFollowTheirLinks(limit: Int) async throws {
        var target: String? = "/v1/images?limit=\(limit)"
        var found: [String] = []
        var pages = 0
        while let next = target {
            let reply = try await api.send(.get, next)
            let page = try lines(reply, ImageLine.self)
            #expect(page.count <= limit)
            found += page.map(\.id)
            pages += 1
            let link = HTTPField.Name("Link").flatMap { reply.headers[$0] }
            #expect(link?.hasSuffix(#">; rel="next""#) ?? true)
            target = link.map { String($0.dropFirst().prefix { $0 != ">" }) }
        }
        #expect(found == Self.ids)
        #expect(pages == (6 + limit - 1) / limit)
    }

    @Test(arguments: [
        ("a ", ["a b", "a/b"]), ("b+c%26d", ["é", "日本"]), ("%E6%97%A5%E6%9C%AC", []), ("zzz", ["é", "日本"]),
    ])
    func aPageBeginsAfterAnIDThatNeedNotExist(start: String, expected: [String]) async throws {
        let target = "/v1/images?limit=2&after=\(start.replacing(" ", with: "%20"))"
        #expect(try lines(try await api.send(.get, target), ImageLine.self).map(\.id) == expected)
    }

    @Test func aReplacedImageStaysAndARemovedOneDoesNot() async throws {
        let shard = IncomingShard(
            name: "d.delete", role: .images, sha256: String(repeating: "1", count: 64), idsSHA256: nil,
            ids: ["a b", "é"], content: .deletion, received: Date())
        _ = try api.corpus.ingest([shard], acknowledged: [], now: Date.init)
        let listed = try lines(try await api.send(.get, "/v1/images"), ImageLine.self)
        #expect(listed.map(\.id) == ["a", "a/b", "b+c&d", "日本"])
    }

    @Test func anEmptyCorpusHasAnEmptyPage() async throws {
        for path in ["/v1/images", "/v1/references?after=x"] {
            let reply = try await TestAPI().send(.get, path)
            #expect((reply.status, reply.body) == (200, []))
        }
    }

    @Test(arguments: ["limit=0", "limit=10001", "limit=-1", "limit=x", "limit="])
    func aBadLimitIsRejected(query: String) async throws {
        let reply = try await api.send(.get, "/v1/images?\(query)")
        #expect((reply.status, reply.code) == (400, "bad_limit"))
    }

    @Test func otherParametersAreRejected() async throws {
        let reply = try await api.send(.get, "/v1/references?before=a")
        #expect((reply.status, reply.code) == (400, "unknown_parameter"))
        #expect(reply.detail.contains("'after', 'limit'"))
    }

    @Test func anImageHasItsVectorIfAskedFor() async throws {
        let path = "/v1/images/\("日本".percentEncoded)"
        #expect(try await api.send(.get, path).json(ImageReport.self).vector == nil)
        #expect(try await api.send(.get, path + "?vector=false").json(ImageReport.self).vector == nil)
        #expect(try await api.send(.get, path + "?vector=true").json(ImageReport.self).vector == [1, 0])
        let reply = try await api.send(.get, path + "?vector=1")
        #expect((reply.status, reply.code) == (400, "bad_vector"))
    }
}
