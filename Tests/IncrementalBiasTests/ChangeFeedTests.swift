import Foundation
import IncrementalBias
import ShardFormats
import Testing

/// The change feed: what a page has, and which cursors it answers.
@Suite struct ChangeFeedTests {
    private let fixture: CorpusFixture
    private var corpus: Corpus { fixture.corpus }
    private static let never = ChangeLogLimits(secondsToLive: 1e9, maximumBytes: 1 << 30)

    /// Makes a store with six images and two references.
    init() throws {
        fixture = try CorpusFixture()
        try fixture.ingest([try fixture.shard("r", .references, ["r0", "r1"], [[1, 0], [0, 1]])], time: 1)
        try fixture.ingest([try images(0..<6)], time: 2)
    }

    private func images(_ numbers: Range<Int>, x: Float = 1) throws -> IncomingShard {
        try fixture.shard("i\(numbers)\(x)", numbers.map { "i\($0)" }, numbers.map { [x, Float($0)] })
    }

    private func present() throws -> ChangeCursor { try corpus.presentCursor().cursor }

    private func kinds(_ page: ChangePage) -> [String] { page.changes.map { "\($0.kind.rawValue) \($0.id)" }.sorted() }

    @Test func aConsumerThatKnowsNothingGetsAllImages() throws {
        let page = try corpus.changes(since: .start, limit: 100)
        #expect(kinds(page) == (0..<6).map { "upsert i\($0)" })
        #expect((page.hasMore, page.generation, page.k, page.dimension, page.images) == (false, 2, 2, 2, 6))
        #expect(page.cursor == (try present()))
        #expect(try corpus.changes(since: page.cursor, limit: 100).changes.isEmpty)
    }

    @Test func eachChangeHasItsKindAndTheLatestState() throws {
        let cursor = try present()
        try fixture.ingest([try images(1..<2, x: 3)], time: 3)
        try fixture.ingest([fixture.deletion("d", ["i4"])], time: 4)
        try fixture.ingest([try fixture.shard("r2", .references, ["r2"], [[5, 5]])], time: 5)
        let page = try corpus.changes(since: cursor, limit: 100, includesVectors: true)
        #expect(kinds(page) == ["delete i4", "mean i0", "mean i2", "mean i3", "mean i5", "upsert i1"])
        for change in page.changes {
            #expect(change.mean == (try corpus.explainImage(change.id)?.mean))
            #expect(change.vector == (change.id == "i1" ? [3, 1] : nil))
        }
    }

    @Test func anImageThatWasDeletedAndAddedAgainIsSentOnce() throws {
        let cursor = try present()
        try fixture.ingest([fixture.deletion("d", ["i4", "i5"])], time: 3)
        try fixture.ingest([try images(5..<6, x: 2)], time: 4)
        #expect(kinds(try corpus.changes(since: cursor, limit: 100)) == ["delete i4", "upsert i5"])
        try fixture.ingest([fixture.deletion("d2", ["i5"])], time: 5)
        #expect(kinds(try corpus.changes(since: cursor, limit: 100)) == ["delete i4", "delete i5"])
    }

    @Test func nothingIsLostOrSentTwiceIfCommitsComeBetweenPages() throws {
        let first = try corpus.changes(since: .start, limit: 2)
        #expect(first.changes.map(\.id) == ["i0", "i1"] && first.hasMore)
        // i0 is known and changes; i4 is not known yet.
        try fixture.ingest([try images(0..<1, x: 2)], time: 3)
        try fixture.ingest([try images(4..<5, x: 2)], time: 4)
        let second = try corpus.changes(since: first.cursor, limit: 3)
        #expect(second.changes.map(\.id) == ["i2", "i3", "i4"] && second.hasMore)
        let third = try corpus.changes(since: second.cursor, limit: 3)
        #expect(third.changes.map(\.id) == ["i5"] && third.hasMore && !third.isInitial)
        let fourth = try corpus.changes(since: third.cursor, limit: 3)
        #expect(fourth.changes.map(\.id) == ["i0"] && !fourth.hasMore)
        #expect(fourth.cursor == (try present()))
    }

    @Test func anImageThatMovedToARowNotYetReadAndWasDeletedThereIsDeleted() throws {
        try fixture.ingest([fixture.deletion("d", ["i5"])], time: 3)
        let first = try corpus.changes(since: .start, limit: 2)
        #expect(first.changes.map(\.id) == ["i0", "i1"] && first.isInitial)
        // i1 leaves row 1 and gets row 5, which is the lowest free one after i7 has got row 1; then it is deleted.
        try fixture.ingest([fixture.deletion("e", ["i1"])], time: 4)
        try fixture.ingest([try images(7..<8)], time: 5)
        try fixture.ingest([try images(1..<2)], time: 6)
        try fixture.ingest([fixture.deletion("f", ["i1"])], time: 7)
        let second = try corpus.changes(since: first.cursor, limit: 100)
        #expect(second.changes.map(\.id) == ["i2", "i3", "i4"] && !second.isInitial && second.hasMore)
        #expect(kinds(try corpus.changes(since: second.cursor, limit: 100)) == ["delete i1", "upsert i7"])
    }

    @Test func aCursorWithManySegmentsLosesNothing() throws {
        try fixture.ingest([try images(6..<200)], time: 3)
        var consumer = FeedConsumer()
        for step in 0..<120 {
            _ = try consumer.read(corpus, limit: 2, "step \(step)")
            try fixture.ingest([try images(step..<step + 1, x: Float(step) + 2)], time: 4)
            if step % 3 == 0 { try fixture.ingest([fixture.deletion("d\(step)", ["i\(199 - step)"])], time: 4) }
        }
        while try !consumer.read(corpus, limit: 50, "at the end") {}
    }

    @Test func noRowWaitsBecauseOthersChangeMoreOften() throws {
        var cursor = ChangeCursor.start
        var seen: Set<String> = []
        for step in 0..<3 {
            let page = try corpus.changes(since: cursor, limit: 2)
            #expect(page.hasMore == (step < 2))
            seen.formUnion(page.changes.map(\.id))
            cursor = page.cursor
            if step < 2 { try fixture.ingest([try images(0..<2, x: Float(step) + 2)], time: Double(step) + 3) }
            if step == 1 { break }
        }
        #expect(seen == ["i0", "i1", "i2", "i3"])
        #expect(try corpus.changes(since: cursor, limit: 2).changes.map(\.id) == ["i4", "i5"])
    }

    @Test func aCursorIsReadFromItsTextAndOtherTextsAreNone() throws {
        let page = try corpus.changes(since: .start, limit: 2)
        #expect(ChangeCursor(page.cursor.text) == page.cursor)
        for text in [
            "", "1", "1.0.0", "2.0.0.0-1", "1.x.0.0-1", "1.0.-1.0-1", "1.0.0.1-1", "1.0.0.0-1.0-2", "1.0.0.0-m",
            "1.0.0.0", "1.0.0.0--1", "1.0.4294967296.0-1",
        ] {
            #expect(ChangeCursor(text) == nil, "\(text)")
        }
    }

    @Test func aCursorOlderThanTheLogIsExpired() throws {
        let cursor = try present()
        try corpus.setChangeLogLimits(ChangeLogLimits(secondsToLive: 10, maximumBytes: 1 << 20))
        try fixture.ingest([try images(0..<1, x: 2)], time: 3)
        let later = try present()
        #expect(try corpus.changes(since: cursor, limit: 9).changes.count == 1)
        try fixture.ingest([try images(0..<1, x: 3)], time: 13.5)
        #expect(throws: ChangeFeedError.expired(oldest: 3)) { try corpus.changes(since: cursor, limit: 9) }
        #expect(try corpus.changes(since: later, limit: 9).changes.count == 1)
    }

    @Test func aLogBeyondItsSizeForgetsTheOldestCommits() throws {
        try corpus.setChangeLogLimits(ChangeLogLimits(secondsToLive: 1e9, maximumBytes: 300))
        let cursor = try present()
        var last = cursor
        for step in 0..<20 {
            last = try present()
            try fixture.ingest([try images(0..<1, x: Float(step) + 2)], time: 3)
        }
        #expect(throws: ChangeFeedError.self) { try corpus.changes(since: cursor, limit: 9) }
        #expect(try corpus.changes(since: last, limit: 9).changes.count == 1)
    }

    @Test func withoutALogThereAreNoChanges() throws {
        let cursor = try present()
        try corpus.setChangeLogLimits(ChangeLogLimits(secondsToLive: 1, maximumBytes: 0))
        #expect(throws: ChangeFeedError.off) { try corpus.changes(since: cursor, limit: 9) }
        try fixture.ingest([try images(0..<1, x: 2)], time: 3)
        #expect(throws: ChangeFeedError.off) { try corpus.presentCursor() }
        try corpus.setChangeLogLimits(Self.never)
        #expect(throws: ChangeFeedError.expired(oldest: 3)) { try corpus.changes(since: cursor, limit: 9) }
        #expect(try corpus.changes(since: .start, limit: 9).changes.count == 6)
    }

    @Test func aCursorFromAfterTheBackupOfARestoredStoreIsForeign() throws {
        let before = try present()
        let (restored, folder) = try fixture.copyAfterCrash()
        try withExtendedLifetime(folder) {
            try fixture.ingest([try images(0..<1, x: 2)], time: 3)
            let after = try present()
            #expect(throws: ChangeFeedError.foreign) { try restored.changes(since: after, limit: 9) }
            // The restored store counts the same generation again, with another change.
            _ = try restored.ingest(
                [try images(1..<2, x: 2)], acknowledged: [], now: { Date(timeIntervalSince1970: 4) })
            #expect(throws: ChangeFeedError.foreign) { try restored.changes(since: after, limit: 9) }
            #expect(try restored.changes(since: before, limit: 9).changes.map(\.id) == ["i1"])
        }
    }

    @Test func anotherKChangesTheMeansOfImagesWhoseSimilaritiesDiffer() throws {
        let cursor = try present()
        try corpus.setK(1)
        // i1 has the similarity 1 to both references.
        #expect(kinds(try corpus.changes(since: cursor, limit: 9)) == [0, 2, 3, 4, 5].map { "mean i\($0)" })
    }

    @Test func deletedImagesOfAnEmptiedCorpusAreSent() throws {
        let cursor = try present()
        try fixture.ingest([fixture.deletion("d", (0..<6).map { "i\($0)" })], time: 3)
        try fixture.ingest([fixture.deletion("e", .references, ["r0", "r1"])], time: 4)
        let page = try corpus.changes(since: cursor, limit: 9)
        #expect(kinds(page) == (0..<6).map { "delete i\($0)" })
        #expect((page.dimension, page.images) == (0, 0))
    }

    @Test func aPageHasAtMostTheBytesOfVectorsThatItCanHave() throws {
        let page = try corpus.changes(since: .start, limit: 9, includesVectors: true, maximumVectorBytes: 17)
        #expect(page.changes.count == 2 && page.hasMore)
    }
}
