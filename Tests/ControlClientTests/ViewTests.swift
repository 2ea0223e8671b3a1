import ControlClient
import Foundation
import Testing
import WireAPI

@Suite struct ViewTests {
    private let style = TextStyle(isColoured: false)

    private func status(
        receipts: [ShardReceipt] = [], failures: [ShardFailure] = [], dimension: Int? = 512
    ) -> [String] {
        let status = Documents.status(
            spool: "/spool", receipts: receipts, failures: failures, dimension: dimension)
        return StatusView(status: status, style: style, now: Documents.time.addingTimeInterval(90)).lines
    }

    @Test func theStatusShowsTheCorpusAndItsFolders() {
        let lines = status()
        #expect(lines.first == "nnnd 1.2.3, up 1 min 30 s")
        for line in [
            "  images      1,234,567", "  vectors     512 numbers, float32, cosine",
            "  correction  alpha 0.75, k 4 of at most 8", "  store       1.0 MiB of 1.0 GiB", "  waiting     1 file",
            "  spool       /spool/images", "  done        /spool/done", "  failed      /spool/failed",
        ] {
            #expect(lines.contains(line))
        }
        #expect(lines.contains("No receipts yet") && lines.contains("No failures since the start"))
    }

    @Test func theStatusOfAnEmptyCorpusHasNoDimension() {
        #expect(status(dimension: nil).contains("  vectors     no dimension yet, float32, cosine"))
    }

    @Test(arguments: [
        (0.04, "4.0% of the top 10 differ because of 120 references of the last hour"),
        (nil, "120 references of the last hour; their effect took too long to compute"),
    ])
    func theStatusSaysHowWellReferencesMatchTheQueries(changed: Double?, text: String) throws {
        var status = Documents.status(spool: "/spool")
        status.referenceMatch = ReferenceMatchStatus(
            generation: 7, queries: 512, querySimilarity: 0.5, referenceSimilarity: 0.75, farther: 0.931,
            newReferences: 120, changed: changed)
        let lines = StatusView(status: status, style: style).lines
        let line = try #require(lines.firstIndex { $0.hasPrefix("  queries ") })
        #expect(lines[line].hasSuffix("from each other in 93.1% of pairs (alike: 50%); 512 queries"))
        #expect(lines[line + 1].hasSuffix("  " + text))
    }

    @Test func theStatusListsReceiptsAndRejections() throws {
        let lines = status(
            receipts: [
                Documents.receipt(name: "a.npy", rows: 1000, replaced: 2, at: Documents.time),
                Documents.receipt(
                    name: "b.delete", action: "delete", rows: 3, deleted: 1, missing: 2, at: Documents.time),
            ],
            failures: [Documents.rejection(name: "c\u{7}.npy", at: Documents.time.addingTimeInterval(89.5))])
        let words = lines.map { $0.split(separator: " ").map(String.init) }
        #expect(words.contains { $0.starts(with: ["a.npy", "images", "add", "1,000", "2", "-", "-", "7"]) })
        #expect(words.contains { $0.starts(with: ["b.delete", "images", "delete", "3", "-", "1", "2", "7"]) })
        #expect(lines.contains { $0.hasSuffix("1 min 30 s ago") })
        let place = try #require(lines.firstIndex(of: "  c\\u{7}.npy (images, just now): not_finite"))
        #expect(lines[place + 1] == "    Row 3 has a NaN." && lines[place + 2] == "    Leave it out.")
    }

    @Test func anExplanationShowsTheHeapAndTheEndOfTheMean() {
        let report = ImageReport(
            id: "i", generation: 7, bias: 0.375, alpha: 0.75, mean: 0.5, used: 2,
            references: [("r", 0.75), ("s", 0.25), ("t", -0.5), ("u", -0.75)].map {
                ImageReport.Entry(id: $0.0, similarity: $0.1)
            })
        let lines = ExplainView(report: report, top: 3, style: style).lines
        #expect(lines.contains("bias        0.375000 = alpha 0.75 x mean 0.500000"))
        #expect(lines.contains("mean        of the 2 largest similarities"))
        #expect(
            lines.suffix(6) == [
                "  #  similarity                            reference",
                "  1    0.750000  ########################  r",
                "  2    0.250000  ########                  s",
                "  below: in the heap, not in the mean",
                "  3   -0.500000                            t",
                "  and 1 more",
            ])
        #expect(ExplainView(report: report, top: 0, style: style).lines.count == 5)
    }

    @Test func aCleanVerificationIsShort() {
        let report = VerifyReport(
            checked: 10, wrong: 0, largestDifference: 1e-7, images: [], wrongReferences: 0, references: [])
        #expect(
            VerifyView(report: report, style: style).lines == [
                "checked             10 images", "wrong               0", "largest difference  1.00e-07",
            ])
    }

    @Test func aVerificationListsWhatIsWrong() {
        let report = VerifyReport(
            checked: 10, wrong: 3, largestDifference: 0.25,
            images: [
                .init(id: "i", fault: "mean", stored: 0.5, computed: 0.25),
                .init(id: "j", fault: "vector", stored: nil, computed: 0.25),
            ], wrongReferences: 1, references: [.init(id: "r", fault: "id")])
        let lines = VerifyView(report: report, style: style).lines
        #expect(lines.contains("wrong               3 images, 1 reference"))
        #expect(lines.contains("  i      mean        0.500000       0.250000    2.50e-01"))
        #expect(lines.contains("  j      vector  not a number       0.250000"))
        #expect(lines.contains("  and 1 more") && lines.contains("  r          id"))
    }

    @Test func hitsAreATableAndALineOfJSON() throws {
        let hits = QueryHits(query: 3, hits: [.init(id: "a", score: 0.25, similarity: 0.5, bias: 0.25)])
        #expect(
            hits.lines(style: style) == [
                "query 3", "  #  id     score  similarity      bias", "  1  a   0.250000    0.500000  0.250000", "",
            ])
        #expect(QueryHits(query: 0, hits: []).lines(style: style) == ["query 0", "  no images", ""])
        #expect(
            String(decoding: try WireJSON.encode(hits), as: UTF8.self)
                == #"{"hits":[{"bias":0.25,"id":"a","score":0.25,"similarity":0.5}],"query":3}"#)
    }
}
