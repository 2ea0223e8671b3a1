import Foundation
import IncrementalBias
import ShardFormats
import Testing

/// Heaps whose changes are pending: what they contain, and what changes them.
///
/// Image i has the vector (i, 1), and a reference (a, b) has the similarity a i + b to it.
struct PendingEntriesTests {
    private let fixture: CorpusFixture
    private var corpus: Corpus { fixture.corpus }
    private let images = (1...4).map { "i\($0)" }

    /// Makes four images and three references: a heap holds four.
    init() throws {
        var limits = PendingLimits()
        (limits.pagesPerBlock, limits.entriesPerChunk, limits.runsPerMerge) = (1, 3, 3)
        fixture = try CorpusFixture(k: 2, capacity: 4, limits: limits)
        try fixture.ingest([
            fixture.shard("i.npy", images, (1...4).map { [Float($0), 1] }),
            fixture.shard("r.npy", .references, ["a", "b", "c"], [[1, 0], [2, 0], [3, 0]]),
        ])
    }

    private func add(_ id: String, _ vector: [Float]) throws {
        try fixture.ingest([fixture.shard("\(id)-\(vector).npy", .references, [id], [vector])])
    }

    private func references(of image: String) throws -> [String] {
        try #require(try corpus.explainImage(image)).references.map(\.id)
    }

    private func similarities(of image: String) throws -> [Float] {
        try #require(try corpus.explainImage(image)).references.map(\.similarity)
    }

    private func live() throws -> Int { try #require(try corpus.pendingEntries()).live }

    private func verify() throws {
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
        let directory = try corpus.pendingEntries()
        #expect(try corpus.countPendingEntries() == directory?.live ?? 0)
    }

    @Test func aReferenceIsPendingInEveryHeapThatItEnters() throws {
        let before = try live()
        try add("d", [4, 0])
        #expect(try live() == before + 4)
        #expect(try references(of: "i2") == ["d", "c", "b", "a"])
        #expect(try similarities(of: "i2") == [8, 6, 4, 2])
        try add("e", [0, 5])
        #expect(try references(of: "i1") == ["e", "d", "c", "b"])
        #expect(try references(of: "i4") == ["d", "c", "b", "e"])
        try verify()
    }

    @Test func aPendingReferenceCanBeDeletedAndReplaced() throws {
        try add("d", [4, 0])
        try add("d", [0.5, 0])
        #expect(try references(of: "i3") == ["c", "b", "a", "d"])
        #expect(try fixture.search([1, 0])["i3"]?.bias == 7.5)
        try fixture.ingest([fixture.deletion("d.delete", .references, ["d", "c"])])
        #expect(try references(of: "i3") == ["b", "a"])
        try add("e", [9, 0])
        #expect(try references(of: "i3") == ["e", "b", "a"])
        try verify()
    }

    @Test func ofEqualSimilaritiesTheOlderReferenceStays() throws {
        try add("d", [1, 0])
        try add("e", [1, 0])
        #expect(try references(of: "i1") == ["c", "b", "a", "d"])
        try fixture.ingest([fixture.deletion("d.delete", .references, ["a"])])
        #expect(try references(of: "i1") == ["c", "b", "d"])
        try verify()
    }

    @Test func aReplacedImageForgetsItsPendingEntries() throws {
        try add("d", [4, 0])
        try fixture.ingest([fixture.shard("again.npy", ["i2"], [[-1, 0]])])
        #expect(try references(of: "i2") == ["a", "b", "c", "d"])
        #expect(try similarities(of: "i2") == [-1, -2, -3, -4])
        try add("e", [-9, 0])
        #expect(try references(of: "i2") == ["e", "a", "b", "c"])
        try verify()
    }

    @Test func theRowOfADeletedImageCanBeUsedAgain() throws {
        try add("d", [4, 0])
        try fixture.ingest([fixture.deletion("i.delete", ["i1", "i3"])])
        try add("e", [5, 0])
        try fixture.ingest([fixture.shard("new.npy", ["n"], [[1, 0]])])
        let staged = try #require(
            try corpus.stage(ids: ["s", "t"], from: ArraySource([2, 0, -1, 0], dimension: 2), rowsPerPiece: 1))
        try fixture.ingest([fixture.shard("s.npy", .images, ["s", "t"], .staged(staged), hash: "s")])
        #expect(try references(of: "n") == ["e", "d", "c", "b"])
        #expect(try similarities(of: "s") == [10, 8, 6, 4])
        #expect(try references(of: "t") == ["a", "b", "c", "d"])
        try verify()
    }

    @Test func heapsWithTooFewReferencesAreStoredAnew() throws {
        for (index, id) in ["d", "e", "f", "g", "h"].enumerated() { try add(id, [Float(index + 4), 0]) }
        #expect(try references(of: "i1") == ["h", "g", "f", "e"])
        try fixture.ingest([fixture.deletion("d.delete", .references, ["h", "g", "e"])])
        #expect(try references(of: "i1") == ["f", "d", "c", "b"])
        try add("j", [10, 0])
        #expect(try references(of: "i1") == ["j", "f", "d", "c"])
        try verify()
    }

    @Test func aCopyOfTheStoreHasThePendingEntries() throws {
        try add("d", [4, 0])
        let (copy, folder) = try fixture.copyAfterCrash()
        #expect(try copy.explainImage("i2")?.references.map(\.id) == ["d", "c", "b", "a"])
        #expect(try copy.verify(sample: nil).wrongCount == 0)
        withExtendedLifetime(folder) {}
    }

    @Test func anEmptiedCorpusHasNoPendingEntries() throws {
        try add("d", [4, 0])
        try fixture.ingest([
            fixture.deletion("i.delete", images), fixture.deletion("r.delete", .references, ["a", "b", "c", "d"]),
        ])
        #expect(try corpus.pendingEntries() == nil)
        try fixture.ingest([
            fixture.shard("i2.npy", ["x"], [[1, 0, 0]]),
            fixture.shard("r2.npy", .references, ["r"], [[2, 0, 0]]),
        ])
        #expect(try references(of: "x") == ["r"])
        try verify()
    }
}

/// How many entries are pending, and how many runs there are.
struct PendingLimitsTests {
    private static let imageCount = 300

    /// A corpus of 300 images whose heaps hold 40 references: 24 heaps in a page.
    private func fixture(_ limits: PendingLimits) throws -> CorpusFixture {
        let fixture = try CorpusFixture(k: 20, capacity: 40, limits: limits)
        let vectors = (0..<Self.imageCount).map { [Float($0), Float(300 - $0)] }
        try fixture.ingest([fixture.shard("i.npy", (0..<Self.imageCount).map { "i\($0)" }, vectors)])
        return fixture
    }

    private func limits(entriesPerPage: Int) -> PendingLimits {
        var limits = PendingLimits()
        limits.entriesPerPage = entriesPerPage
        (limits.pagesPerBlock, limits.entriesPerChunk) = (2, 7)
        (limits.runsPerMerge, limits.smallestClass) = (3, 20)
        return limits
    }

    private func add(_ count: Int, round: Int, to fixture: CorpusFixture) throws {
        let vectors = (0..<count).map { [Float(round % 7) + Float($0), Float(round % 5) - Float($0)] }
        try fixture.ingest([
            fixture.shard("r\(round).npy", .references, (0..<count).map { "r\(round):\($0)" }, vectors)
        ])
    }

    @Test func pendingEntriesAndRunsStayBounded() throws {
        let fixture = try fixture(limits(entriesPerPage: 50))
        let pages = (Self.imageCount + 23) / 24
        var (mostEntries, mostRuns) = (0, 0)
        for round in 0..<150 {
            try add(1, round: round, to: fixture)
            let directory = try #require(try fixture.corpus.pendingEntries())
            #expect(try fixture.corpus.countPendingEntries() == directory.live)
            #expect(directory.live <= 50 * pages)
            #expect(directory.runs.reduce(0) { $0 + $1.entries } <= 4 * 50 * pages)
            mostEntries = max(mostEntries, directory.live)
            mostRuns = max(mostRuns, directory.runs.count)
        }
        #expect(mostEntries > 25 * pages)
        #expect(mostRuns > 2 && mostRuns <= 2 * 6)
        #expect(try fixture.corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test(arguments: [(references: 1, areStored: false), (references: 3, areStored: true)])
    func aCommitOfManyReferencesStoresTheHeaps(references: Int, areStored: Bool) throws {
        // Each of the first 40 references enters all 300 heaps, 24 in a page.
        let fixture = try fixture(limits(entriesPerPage: 60))
        try add(references, round: 0, to: fixture)
        #expect(try fixture.corpus.countPendingEntries() == (areStored ? 0 : 300))
        #expect(try fixture.corpus.verify(sample: nil).wrongCount == 0)
        #expect(try #require(try fixture.corpus.explainImage("i7")).references.count == references)
    }

    @Test func aCommitThatStoresTheHeapsEndsEarlierPendingEntries() throws {
        let fixture = try fixture(limits(entriesPerPage: 60))
        try add(1, round: 0, to: fixture)
        try add(9, round: 1, to: fixture)
        let directory = try #require(try fixture.corpus.pendingEntries())
        #expect(directory.live == 0 && directory.runs.isEmpty)
        try add(1, round: 2, to: fixture)
        #expect(try fixture.corpus.countPendingEntries() == 300)
        #expect(try #require(try fixture.corpus.explainImage("i7")).references.count == 11)
        #expect(try fixture.corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func manyResetsOfTheSameImagesStayFew() throws {
        let fixture = try fixture(limits(entriesPerPage: 60))
        try add(1, round: 0, to: fixture)
        for round in 0..<40 {
            try fixture.ingest([fixture.shard("again\(round).npy", ["i3", "i200"], [[1, 2], [3, Float(round)]])])
        }
        let directory = try #require(try fixture.corpus.pendingEntries())
        #expect(try fixture.corpus.countPendingEntries() == directory.live)
        #expect(directory.live < 320)
        #expect(directory.runs.count < 8)
    }
}
