import IncrementalBias
import ShardFormats
import Testing

/// Staged images become visible when their shard is committed; otherwise they are discarded.
struct StagingTests {
    private let fixture: CorpusFixture
    private var corpus: Corpus { fixture.corpus }
    private let ids = (0..<20).map { "i\($0)" }
    /// The vectors (0, 1), (1, 1), (2, 1), ...
    private let values: [Float] = (0..<20).flatMap { [Float($0), 1] as [Float] }

    init() throws {
        fixture = try CorpusFixture(k: 2)
        try fixture.ingest([fixture.shard("r.npy", .references, ["r", "s"], [[1, 0], [3, 0]])])
    }

    private func stage() throws -> StagedImages? {
        try corpus.stage(ids: ids, from: ArraySource(values, dimension: 2), rowsPerPiece: 6)
    }

    private func shard(_ staged: StagedImages) -> IncomingShard {
        fixture.shard("large.npy", .images, ids, .staged(staged), hash: "large")
    }

    @Test func stagedImagesAreFoundAfterTheirCommit() throws {
        let staged = try #require(try stage())
        #expect(try fixture.search([1, 0]).isEmpty)
        #expect(try corpus.state().images.count == 0)
        #expect(try fixture.ingest([shard(staged)])[0].applied?.rows == 20)
        let found = try fixture.search([1, 0])
        #expect(found.count == 20)
        #expect(found["i7"]?.similarity == 7)
        #expect(found["i7"]?.bias == 14)
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func aShardWithAnExistingImageCantBeStaged() throws {
        try fixture.ingest([fixture.shard("i.npy", ["i3"], [[1, 0]])])
        #expect(try stage() == nil)
    }

    @Test func stagedImagesAreDiscardedWhenTheirObjectIsDeallocated() throws {
        _ = try stage()
        try fixture.ingest([fixture.shard("i.npy", ["other"], [[1, 0]])])
        #expect(try Set(fixture.search([1, 0]).keys) == ["other"])
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func anotherCommitDiscardsStagedImages() throws {
        let staged = try #require(try stage())
        try fixture.ingest([fixture.shard("i.npy", ["other"], [[1, 0]])])
        #expect(try Set(fixture.search([1, 0]).keys) == ["other"])
        withExtendedLifetime(staged) {}
        let again = try #require(try stage())
        try fixture.ingest([shard(again)])
        #expect(try fixture.search([1, 0]).count == 21)
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func deallocatingAnEarlierStagingDoesNotDiscardTheNext() throws {
        var staged = try stage()
        staged = try stage()
        try fixture.ingest([shard(#require(staged))])
        #expect(try fixture.search([1, 0]).count == 20)
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func aStagingWhoseSourceFailsIsDiscarded() throws {
        let source = ArraySource(values, dimension: 2, readable: 13)
        #expect(throws: ArraySource.Broken.self) { try corpus.stage(ids: ids, from: source, rowsPerPiece: 5) }
        #expect(try fixture.search([1, 0]).isEmpty)
        let staged = try #require(try stage())
        try fixture.ingest([shard(staged)])
        #expect(try corpus.verify(sample: nil).wrongCount == 0)
    }
}
