import Foundation
import IncrementalBias
import ShardFormats
import Testing

/// The effects of several shards in one commit.
struct CommitTests {
    private let fixture: CorpusFixture
    private var corpus: Corpus { fixture.corpus }

    init() throws {
        fixture = try CorpusFixture(k: 2)
    }

    @Test func shardsOfOneCommitShareAGenerationAndHaveReceiptsInOrder() throws {
        let shards = try (0..<5).map { try fixture.shard("\($0).npy", ["i\($0)"], [[Float($0), 1]]) }
        let receipts = try fixture.ingest(shards).compactMap(\.applied)
        #expect(receipts.map(\.number) == [0, 1, 2, 3, 4])
        #expect(receipts.map(\.name) == ["0.npy", "1.npy", "2.npy", "3.npy", "4.npy"])
        #expect(Set(receipts.map(\.generation)) == [1])
        #expect(try corpus.state().images == StoreState.RowCounts(count: 5, end: 5))
    }

    @Test func aLaterShardOfTheCommitReplacesTheRowsOfAnEarlierOne() throws {
        let outcomes = try fixture.ingest([
            fixture.shard("a.npy", ["x", "y"], [[1, 0], [0, 1]]),
            fixture.shard("b.npy", ["z", "x"], [[2, 0], [3, 0]]),
        ])
        #expect(outcomes.map { $0.applied?.replaced } == [0, 1])
        #expect(try fixture.search([1, 0]).mapValues(\.similarity) == ["x": 3, "y": 0, "z": 2])
    }

    @Test func aLaterDeletionOfTheCommitRemovesTheRowsOfAnEarlierShard() throws {
        let outcomes = try fixture.ingest([
            fixture.shard("a.npy", ["x", "y"], [[1, 0], [0, 1]]),
            fixture.deletion("d.delete", ["x", "unknown"]),
            fixture.shard("b.npy", ["x"], [[5, 0]]),
        ])
        #expect(outcomes.map { $0.applied?.replaced } == [0, 1, 0])
        #expect(try fixture.search([1, 0]).mapValues(\.similarity) == ["x": 5, "y": 0])
    }

    @Test(arguments: [[Float]]([[5, 0], [1, 2, 3]]))
    func aCommitCanEmptyTheCorpusAndFillItAgain(vector: [Float]) throws {
        try fixture.ingest([fixture.shard("a.npy", ["x", "y"], [[1, 0], [0, 1]])])
        let outcomes = try fixture.ingest([
            fixture.deletion("d.delete", ["x", "y"]), fixture.shard("b.npy", ["x"], [vector]),
        ])
        #expect(outcomes.map { $0.applied?.replaced } == [2, 0])
        #expect(try fixture.corpus.state().dimension == vector.count)
        #expect(try fixture.search(vector).keys.sorted() == ["x"])
    }

    @Test func anEmptiedCorpusForgetsItsDimension() throws {
        try fixture.ingest([fixture.shard("a.npy", ["x"], [[1, 0]])])
        try fixture.ingest([fixture.deletion("d.delete", ["x"])])
        let state = try fixture.corpus.state()
        #expect((state.dimension, state.images) == (0, .init()))
    }

    @Test func biasesIncludeReferencesBeforeAndAfterTheImagesInTheCommit() throws {
        try fixture.ingest([
            fixture.shard("r1.npy", .references, ["r1"], [[2, 0]]),
            fixture.shard("i.npy", ["x"], [[1, 0]]),
            fixture.shard("r2.npy", .references, ["r2", "r3"], [[4, 0], [1, 0]]),
        ])
        #expect(try fixture.search([1, 0])["x"]?.bias == 3)
    }

    @Test func theSameShardAgainChangesNothingAndIsPendingAgain() throws {
        let shard = try fixture.shard("a.npy", ["x"], [[1, 0]])
        let receipt = try #require(try fixture.ingest([shard])[0].applied)
        try fixture.ingest([fixture.deletion("d.delete", ["x"])], acknowledged: [receipt.number])
        #expect(try !corpus.pendingReceipts().contains { $0.number == receipt.number })
        let again = fixture.shard("a.npy", .images, shard.ids, shard.content, hash: [[Float(1), 0]].description)
        let generation = try corpus.state().generation
        #expect(try fixture.ingest([again])[0].unchanged?.number == receipt.number)
        #expect(try corpus.state().generation == generation)
        #expect(try corpus.pendingReceipts().contains { $0.number == receipt.number })
        #expect(try fixture.search([1, 0]).isEmpty)
    }

    @Test func anotherContentAnotherNameOrAnotherRoleTakesEffect() throws {
        try fixture.ingest([fixture.shard("a.npy", ["x"], [[1, 0]])])
        let outcomes = try fixture.ingest([
            fixture.shard("a.npy", ["x"], [[2, 0]]),
            fixture.shard("b.npy", ["x"], [[2, 0]]),
            fixture.shard("b.npy", .references, ["x"], [[2, 0]]),
        ])
        #expect(outcomes.map { $0.applied?.replaced } == [1, 1, 0])
    }

    @Test func aRejectedShardLeavesTheOthersOfTheCommitAlone() throws {
        let outcomes = try fixture.ingest([
            fixture.shard("a.npy", ["x"], [[1, 0]]),
            fixture.shard("b.npy", ["y"], [[1, 0, 0]]),
            fixture.shard("c.npy", ["z"], [[3, 0]]),
        ])
        #expect(outcomes[1].rejected == .wrongDimension(found: 3, expected: 2))
        #expect(outcomes.map { $0.applied?.number } == [0, nil, 1])
        #expect(try Set(fixture.search([1, 0]).keys) == ["x", "z"])
    }

    @Test func aCommitOfOnlyRejectedShardsKeepsTheGeneration() throws {
        let large = [[Float]](repeating: Array(repeating: 1, count: 65_537), count: 1)
        let outcomes = try fixture.ingest([fixture.shard("a.npy", ["x"], large)])
        #expect(outcomes[0].rejected == .dimensionTooLarge(65_537))
        let state = try corpus.state()
        #expect((state.generation, state.dimension, state.nextReceipt) == (0, 0, 0))
    }

    @Test func aRejectionListsTheRowsThatCantBeStored() throws {
        #expect(throws: ShardRejection.tooLarge(rows: [6])) {
            try corpus.prepare([1, 0, 1e30, 0], dimension: 2, firstRow: 5)
        }
    }

    @Test func anInterruptedCommitChangesNothing() throws {
        try fixture.ingest([fixture.shard("r.npy", .references, ["r"], [[1, 0]])])
        let before = try corpus.state()
        corpus.interruptIngest()
        #expect(throws: CancellationError.self) {
            try fixture.ingest([fixture.deletion("d.delete", .references, ["r"])] + fixture.images(600))
        }
        #expect(try corpus.state() == before)
    }
}

extension CorpusFixture {
    /// A shard of `count` images.
    fileprivate func images(_ count: Int) throws -> [IncomingShard] {
        // Another corpus prepares the vectors, because the pool of an interrupted corpus does not work.
        let other = try CorpusFixture()
        let ids = (0..<count).map { "i\($0)" }
        return [try other.shard("i.npy", ids, ids.map { _ in [1, 0] })]
    }
}
