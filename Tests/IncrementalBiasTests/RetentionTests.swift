import Foundation
import IncrementalBias
import ShardFormats
import Testing

/// Which references a commit removes.
struct RetentionTests {
    private let fixture: CorpusFixture

    init() throws {
        fixture = try CorpusFixture(k: 10)
        try fixture.ingest([fixture.shard("i.npy", ["x"], [[1, 0]])])
    }

    @discardableResult
    private func add(
        _ name: String, _ ids: [String], _ retention: Retention = .everything, time: Double = 2
    ) throws -> [ShardOutcome] {
        let vectors = ids.indices.map { [Float($0 + 1), 0] }
        return try fixture.ingest(
            [fixture.shard(name, .references, ids, vectors)], retention: retention, time: time)
    }

    private var references: Set<String> { get throws { try fixture.references(of: "x") } }

    @Test func theOldestReferencesBeyondTheMaximumAreRemoved() throws {
        try add("a.npy", ["a", "b", "c"])
        try add("b.npy", ["d", "e"], Retention(maximumReferences: 3))
        #expect(try references == ["c", "d", "e"])
        #expect(try fixture.corpus.state().references.count == 3)
    }

    @Test func aShardWithMoreRowsThanTheMaximumLosesItsFirstRows() throws {
        let receipt = try add("a.npy", ["a", "b", "c", "d"], Retention(maximumReferences: 3))[0].applied
        #expect(receipt?.rows == 4)
        #expect(try references == ["b", "c", "d"])
    }

    @Test func aReplacedReferenceIsTheNewest() throws {
        try add("a.npy", ["a", "b", "c"])
        try add("b.npy", ["a"])
        try add("c.npy", ["d"], Retention(maximumReferences: 3))
        #expect(try references == ["a", "c", "d"])
    }

    @Test func referencesOfTheGivenAgeAreRemoved() throws {
        try add("a.npy", ["a"], time: 100)
        try add("b.npy", ["b"], time: 101)
        try add("c.npy", ["c"], Retention(secondsToLive: 10), time: 110)
        #expect(try references == ["b", "c"])
    }

    private static let sampled = "nnnd-sampled-queries.npz"

    @Test func eachSourceHasItsOwnMaximum() throws {
        let retention = Retention(maximumReferences: 2, sampled: .init(maximumReferences: 3))
        try add("a.npy", ["a", "b", "c"])
        try add(Self.sampled, ["s", "t", "u", "v"], retention)
        #expect(try references == ["b", "c", "t", "u", "v"])
        try add("b.npy", ["d"], retention)
        #expect(try references == ["c", "d", "t", "u", "v"])
        #expect(try fixture.corpus.referenceCounts() == ReferenceCounts(given: 2, sampled: 3))
        #expect(try fixture.corpus.verify(sample: nil).wrongCount == 0)
    }

    @Test func eachSourceHasItsOwnTimeToLive() throws {
        try add("a.npy", ["a"], time: 100)
        try add(Self.sampled, ["s"], time: 100)
        try add(Self.sampled, ["t"], time: 106)
        #expect(try fixture.corpus.retire(Retention(sampled: .init(secondsToLive: 10)), now: date(112)) == 1)
        #expect(try references == ["a", "t"])
        #expect(try fixture.corpus.retire(Retention(secondsToLive: 10), now: date(120)) == 1)
        #expect(try references == ["t"])
    }

    @Test func aReferenceHasTheSourceOfItsLastShard() throws {
        try add("a.npy", ["a", "b"])
        // The shards of one commit have different sources.
        let shards = [(Self.sampled, ["a", "s"]), ("b.npy", ["s", "x"])].map {
            ($0.0, $0.1, $0.1.map { _ in [1, 0] as [Float] })
        }
        try fixture.ingest(shards.map { try fixture.shard($0.0, .references, $0.1, $0.2) })
        let listed = try fixture.corpus.listReferences(after: "", limit: 10).elements
        #expect(listed.map(\.id) == ["a", "b", "s", "x"])
        #expect(listed.map(\.source) == [.sampled, .given, .given, .given])
        #expect(try fixture.corpus.referenceCounts() == ReferenceCounts(given: 3, sampled: 1))
    }

    private func date(_ seconds: Double) -> Date { Date(timeIntervalSince1970: seconds) }

    @Test func retireRemovesReferencesWithoutANewShard() throws {
        try add("a.npy", ["a", "b", "c"], time: 100)
        let generation = try fixture.corpus.state().generation
        let retention = Retention(maximumReferences: 2)
        #expect(try fixture.corpus.retire(retention, now: .now) == 1)
        #expect(try fixture.corpus.retire(retention, now: .now) == 0)
        #expect(try references == ["b", "c"])
        #expect(try fixture.corpus.state().generation == generation + 1)
    }
}
