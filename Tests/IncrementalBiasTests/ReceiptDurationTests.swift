import Foundation
import IncrementalBias
internal import ShardFormats
import Testing

/// The duration of a commit in its receipts, which is known only after the commit and stored later.
struct ReceiptDurationTests {
    private let fixture: CorpusFixture

    init() throws {
        fixture = try CorpusFixture()
    }

    private func ingest(_ name: String, acknowledged: Set<UInt64> = []) throws -> Receipt {
        let outcomes = try fixture.ingest([fixture.shard(name, [name], [[1, 0]])], acknowledged: acknowledged, time: 5)
        return try #require(outcomes[0].applied)
    }

    /// The duration that the store contains now: a crash would lose any other.
    private func storedSeconds(_ name: String) throws -> Double? {
        let (corpus, folder) = try fixture.copyAfterCrash()
        defer { withExtendedLifetime(folder) {} }
        return try #require(try corpus.receipt(role: .images, name: name)).commitSeconds
    }

    @Test func aReceiptHasTheStartAndTheDurationOfItsCommit() throws {
        let receipt = try ingest("a.npy")
        #expect(receipt.received == Date(timeIntervalSince1970: 1))
        #expect(receipt.commitStarted == Date(timeIntervalSince1970: 5))
        #expect(try #require(receipt.commitSeconds) > 0)
        #expect(try fixture.corpus.lastReceipts(10) == [receipt])
        #expect(try fixture.corpus.pendingReceipts() == [receipt])
        #expect(try fixture.corpus.receipt(role: .images, name: "a.npy") == receipt)
    }

    @Test func theAcknowledgementStoresTheDuration() throws {
        let receipt = try ingest("a.npy")
        #expect(try storedSeconds("a.npy") == nil)
        _ = try ingest("b.npy", acknowledged: [receipt.number])
        #expect(try storedSeconds("a.npy") == receipt.commitSeconds)
        #expect(try storedSeconds("b.npy") == nil)
        #expect(try fixture.corpus.receipt(role: .images, name: "a.npy") == receipt)
    }

    @Test func storeCommitDurationsStoresAllDurations() throws {
        let receipts = [try ingest("a.npy"), try ingest("b.npy")]
        try fixture.corpus.storeCommitDurations()
        #expect(try storedSeconds("a.npy") == receipts[0].commitSeconds)
        #expect(try storedSeconds("b.npy") == receipts[1].commitSeconds)
        #expect(try fixture.corpus.pendingReceipts() == receipts)
    }

    @Test func anUnchangedShardHasTheDurationOfItsFirstCommit() throws {
        let receipt = try ingest("a.npy")
        let again = try fixture.ingest([fixture.shard("a.npy", ["a.npy"], [[1, 0]])], time: 9)
        #expect(again[0].unchanged == receipt)
    }
}
