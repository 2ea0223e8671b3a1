import Foundation
import Testing
import WireAPI

/// The JSON of every document: keys as docs/openapi.yaml has them, and the same value after reading it again.
@Suite struct DocumentTests {
    private static let time = Date(timeIntervalSince1970: 1_700_000_000.125)

    private static let receipt = ShardReceipt(
        name: "a.npy", kind: "images", sha256: "00", idsSha256: "11", action: "add", rows: 3, replaced: 1, deleted: 0,
        missing: 0, generation: 7, received: time, commitStarted: time, commitMs: 250, unchanged: false)
    private static let rejection = ShardFailure(
        name: "b.npy", kind: "images", code: "not_finite", message: "Bad.", advice: "Mend it.", rows: [3],
        rejected: time)

    /// The object that a value becomes, after a check that it reads back as the same JSON.
    private func object<Value: Codable>(_ value: Value) throws -> [String: Any] {
        let document = try WireJSON.encode(value)
        #expect(try WireJSON.encode(WireJSON.decode(Value.self, from: document)) == document)
        return try #require(try JSONSerialization.jsonObject(with: document) as? [String: Any])
    }

    private func keys(_ object: [String: Any]) -> [String] { object.keys.sorted() }

    @Test func aReceipt() throws {
        let object = try object(Self.receipt)
        for key in ["name", "kind", "sha256", "ids_sha256", "action", "rows", "replaced", "deleted", "missing"] {
            #expect(object[key] != nil, "\(key)")
        }
        #expect(object["received"] as? String == "2023-11-14T22:13:20.125Z")
        #expect(object["generation"] as? Int == 7 && object["unchanged"] as? Bool == false)
    }

    @Test func aReceiptWithoutASidecarHasNoDigestOfOne() throws {
        var receipt = Self.receipt
        receipt.idsSha256 = nil
        #expect(try object(receipt)["ids_sha256"] == nil)
    }

    @Test func aRejection() throws {
        let object = try object(Self.rejection)
        #expect(keys(object) == ["advice", "code", "kind", "message", "name", "rejected", "rows"])
        #expect(object["rejected"] as? String == "2023-11-14T22:13:20.125Z")
        #expect(object["rows"] as? [Int] == [3])
    }

    @Test func aStatus() throws {
        let status = Status(
            version: "1", generation: 7, images: 2, references: 3, dimension: nil, k: 4, capacity: 8, alpha: 0.75,
            metric: "cosine", precision: "float32", kernels: "avx2", threads: 2,
            spool: .init(
                images: "/i", references: "/r", done: "/d", failed: "/f", backlog: 1, unusedFiles: 1,
                unused: [UnusedFile(name: "n", kind: "images", reason: .notAShardName, since: Self.time)]),
            store: .init(path: "/p", bytes: 5, maximumBytes: 6), lastReceipts: [Self.receipt],
            lastFailures: [Self.rejection], uptimeS: 1.5)
        let object = try object(status)
        #expect(
            keys(object) == [
                "alpha", "capacity", "generation", "images", "k", "kernels", "last_failures", "last_receipts",
                "metric", "precision", "references", "spool", "store", "threads", "uptime_s", "version",
            ])
        let spool = try #require(object["spool"] as? [String: Any])
        #expect(
            keys(spool) == ["backlog", "done", "failed", "images", "references", "unused", "unused_files"])
        let unused = try #require((spool["unused"] as? [[String: Any]])?.first)
        #expect(keys(unused) == ["kind", "name", "reason", "since"])
        #expect(unused["reason"] as? String == "not_a_shard_name")
        let store = try #require(object["store"] as? [String: Any])
        #expect(keys(store) == ["bytes", "maximum_bytes", "path"])
        var filled = status
        filled.dimension = 512
        #expect(try self.object(filled)["dimension"] as? Int == 512)
    }

    @Test func anExplanationAndAReference() throws {
        let image = ImageReport(
            id: "i", generation: 7, bias: 0.25, alpha: 0.5, mean: 0.5, used: 1,
            references: [.init(id: "r", similarity: 0.5)])
        #expect(
            keys(try object(image)) == ["alpha", "bias", "generation", "id", "mean", "references", "used"])
        let reference = ReferenceReport(id: "r", generation: 7, vector: [0.5])
        #expect(keys(try object(reference)) == ["generation", "id", "vector"])
    }

    @Test func aVerification() throws {
        let report = VerifyReport(
            checked: 3, wrong: 1, largestDifference: 0.5,
            images: [.init(id: "i", fault: "mean", stored: nil, computed: 0.5)], wrongReferences: 1,
            references: [.init(id: "r", fault: "vector")])
        let object = try object(report)
        #expect(
            keys(object) == ["checked", "images", "largest_difference", "references", "wrong", "wrong_references"])
        let image = try #require((object["images"] as? [[String: Any]])?.first)
        #expect(keys(image) == ["computed", "fault", "id"])
        #expect(keys(try self.object(VerifyRequest(sample: 3))) == ["sample"])
        #expect(keys(try self.object(VerifyRequest())) == [])
    }

    @Test(arguments: [(0, 0, true), (1, 0, false), (0, 1, false)])
    func aVerificationIsCleanWithoutFaults(wrong: Int, wrongReferences: Int, isClean: Bool) {
        let report = VerifyReport(
            checked: 3, wrong: wrong, largestDifference: 0, images: [], wrongReferences: wrongReferences,
            references: [])
        #expect(report.isClean == isClean)
    }

    @Test func aSearch() throws {
        let request = SearchRequest(queries: [[1, 2]], topK: 3, alpha: 0.5)
        let document = try WireJSON.encode(request)
        #expect(String(decoding: document, as: UTF8.self) == #"{"alpha":0.5,"queries":[[1,2]],"top_k":3}"#)
        #expect(try WireJSON.encode(WireJSON.decodeRequest(SearchRequest.self, from: document)) == document)
        let response = SearchResponse(
            generation: 7, results: [[.init(id: "i", score: 1, similarity: 2, bias: 1)]], tookMs: 0.5)
        let object = try object(response)
        #expect(keys(object) == ["generation", "results", "took_ms"])
        let hit = try #require((object["results"] as? [[[String: Any]]])?.first?.first)
        #expect(keys(hit) == ["bias", "id", "score", "similarity"])
    }

    @Test func aProblemDocumentIsThatOfRFC9457() throws {
        let problem = Problem(title: "Not Found", status: 404, detail: "No image.", code: "unknown_id")
        let object = try object(problem)
        #expect(keys(object) == ["code", "detail", "status", "title", "type"])
        #expect(object["type"] as? String == "about:blank" && Problem.mediaType == "application/problem+json")
    }
}
