import Foundation
import IncrementalBias
import ShardFormats
import Testing

/// Random changes of images with cells that are trained, split and written anew often.
///
/// After each change an approximate search that reads all cells, and scores all rows but one exactly, equals the exact
/// search.
struct CellInterleavingTests {
    private static let steps = ProcessInfo.processInfo.environment["NNND_TEST_STEPS"].flatMap(Int.init) ?? 130
    private static let ids = 900

    @Test(arguments: 0..<4) func searchesOfAllCellsEqualExactOnes(run: UInt64) throws {
        let seed =
            ProcessInfo.processInfo.environment["NNND_TEST_SEED"].flatMap(UInt64.init)
            ?? UInt64.random(in: 0..<1 << 32)
        FileHandle.standardError.write(Data("cells, run \(run): seed \(seed)\n".utf8))
        var random = RandomSource(seed: seed &+ run)
        let limits = CellLimits(
            minimumImages: 60, growth: run % 2 == 0 ? 2 : 4, imagesPerStep: Int.random(in: 100...400, using: &random),
            bytesPerStep: Int.random(in: 20_000...100_000, using: &random),
            minimumSplit: Int.random(in: 4...40, using: &random))
        let fixture = try CorpusFixture(recallLimits: RecallLimits(minimumImages: 10), cellLimits: limits)
        var vectors = VectorMaker(dimension: 9, random: random)
        try fixture.ingest([
            try fixture.shard("r", .references, (0..<120).map { "r\($0)" }, vectors.next(120))
        ])
        var changes: Set<String> = []
        for step in 0..<Self.steps {
            let label = "seed \(seed), run \(run), step \(step)"
            try change(fixture, &vectors, step)
            for _ in 0..<Int.random(in: 0...20, using: &vectors.random) {
                if vectors.oneIn(10) { try fixture.corpus.trainCells() }
                if let change = try fixture.corpus.improveCells() { changes.insert("\(change)".prefix(4).lowercased()) }
            }
            try check(fixture.corpus, vectors.next(3), label)
            if vectors.oneIn(20) {
                let copy = try fixture.copyAfterCrash()
                try check(copy.corpus, vectors.next(2), label + ", after a crash")
                #expect(try copy.corpus.verify(sample: 200).wrongCount == 0, "\(label)")
            }
        }
        if Self.steps >= 130 { #expect(changes.isSuperset(of: ["trai", "buil", "read", "assi", "spli"])) }
    }

    /// Adds, replaces or deletes images or references, also images of a large shard.
    private func change(_ fixture: CorpusFixture, _ vectors: inout VectorMaker, _ step: Int) throws {
        let count = Int.random(in: 1...(vectors.oneIn(4) ? 300 : 30), using: &vectors.random)
        let ids = (0..<Self.ids).shuffled(using: &vectors.random).prefix(count).map { "\($0)" }
        switch Int.random(in: 0..<8, using: &vectors.random) {
        case 0, 1: try fixture.ingest([fixture.deletion("\(step)", ids)])
        case 2:
            try fixture.ingest([try fixture.shard("\(step)", .references, ids.map { "r\($0)" }, vectors.next(count))])
        case 3:
            try fixture.ingest([fixture.deletion("\(step)", .references, ids.map { "r\($0)" })])
        case 4:
            let new = (0..<count).map { "new\(step)-\($0)" }
            let source = ArraySource(vectors.next(count).flatMap(\.self), dimension: vectors.dimension, readable: nil)
            let staged = try #require(try fixture.corpus.stage(ids: new, from: source, rowsPerPiece: 50))
            // Sometimes the images are discarded.
            if vectors.oneIn(4) { return }
            try fixture.ingest([fixture.shard("\(step)", .images, new, .staged(staged), hash: "\(step)")])
            try fixture.ingest([fixture.deletion("d\(step)", Array(new.dropFirst(20)))])
        default: try fixture.ingest([try fixture.shard("\(step)", ids, vectors.next(count))])
        }
    }

    private func check(_ corpus: Corpus, _ queries: [[Float]], _ label: String) throws {
        let images = try corpus.state().images.count
        guard images > 20 else { return }
        let found = try corpus.search([
            SearchBatch(
                queries: queries, topK: 10, alpha: 0.5, recall: 0.9, rescore: images - 1, probes: 60_000),
            SearchBatch(queries: queries, topK: 10, alpha: 0.5),
        ])
        try #require(found.accuracies[0]?.exactReason == nil, "\(label)")
        let (all, exact) = (try found.results[0].get(), try found.results[1].get())
        try #require(all == exact, "\(label)")
    }
}

/// Makes random vectors, many of which are near each other.
private struct VectorMaker {
    let dimension: Int
    var random: RandomSource
    private var centers: [[Float]] = []

    init(dimension: Int, random: RandomSource) {
        (self.dimension, self.random) = (dimension, random)
        centers = (0..<5).map { _ in (0..<dimension).map { _ in Float.random(in: -1...1, using: &self.random) } }
    }

    mutating func next(_ count: Int) -> [[Float]] {
        (0..<count).map { _ in
            let center = centers[Int.random(in: 0..<centers.count, using: &random)]
            return center.map { $0 + Float.random(in: -0.4...0.4, using: &random) }
        }
    }

    mutating func oneIn(_ number: Int) -> Bool { Int.random(in: 0..<number, using: &random) == 0 }
}
