import Foundation
import IncrementalBias
import Similarity
import Testing

/// Random shards of both kinds, new and replacing ids, deletions, references that retire, restarts with another k: after
/// each step every bias and every search must be what the oracle computes from scratch.
@Suite struct InterleavingTests {
    /// What the vectors of a run look like.
    enum Shape: CaseIterable {
        /// Random directions: no ties.
        case smooth
        /// Numbers -1, 0 and 1 in few dimensions: many exact ties and duplicates.
        case ties
    }

    struct Case: CustomTestStringConvertible {
        let seed: UInt64
        let shape: Shape
        let metric: Metric
        var testDescription: String { "seed \(seed), \(shape), \(metric.rawValue)" }
    }

    static let cases: [Case] = {
        let first =
            ProcessInfo.processInfo.environment["NNND_TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<1 << 32)
        return (0..<8).map { i in
            Case(seed: first + i, shape: i % 2 == 0 ? .smooth : .ties, metric: i % 4 < 2 ? .cosine : .innerProduct)
        }
    }()

    @Test(arguments: cases) func everyStepEqualsTheOracle(_ run: Case) throws {
        let steps = ProcessInfo.processInfo.environment["NNND_TEST_STEPS"].flatMap(Int.init) ?? 130
        print("interleaving: \(run.testDescription)")
        var driver = try InterleavingDriver(run)
        for step in 0..<steps {
            try driver.step()
            try driver.check("seed \(run.seed), step \(step)")
        }
    }
}

/// Does the same to a corpus and to an oracle.
private struct InterleavingDriver {
    let run: InterleavingTests.Case
    let folder: TemporaryFolder
    let settings: StoreSettings
    let retention: Retention
    let dimension: Int
    let idCount: Int
    var corpus: Corpus?
    var oracle: Oracle
    var random: RandomSource
    var shards = 0
    var time = 1e9

    init(_ run: InterleavingTests.Case) throws {
        self.run = run
        folder = try TemporaryFolder()
        random = RandomSource(seed: run.seed)
        let k = Int.random(in: 1...20, using: &random)
        dimension = run.shape == .ties ? 5 : Int.random(in: 1...40, using: &random)
        idCount = [50, 600].randomElement(using: &random) ?? 600
        settings = StoreSettings(
            metric: run.metric, precision: .float32, capacity: k + Int.random(in: 0...6, using: &random))
        retention = Retention(
            maximumReferences: Bool.random(using: &random) ? Int.random(in: 1...300, using: &random) : nil,
            secondsToLive: Bool.random(using: &random) ? Double.random(in: 10...100, using: &random) : nil)
        oracle = Oracle(metric: run.metric, k: k)
        corpus = try Corpus(folder: folder.path, settings: settings, k: k, threads: 2)
    }

    mutating func step() throws {
        time += Double.random(in: 0...5, using: &random)
        let now = Date(timeIntervalSince1970: time)
        if oneIn(12) {
            corpus = nil
            oracle.k = Int.random(in: 1...settings.capacity, using: &random)
            corpus = try Corpus(folder: folder.path, settings: settings, k: oracle.k, threads: 2)
        }
        if oneIn(10) {
            oracle.retire(retention, time: time)
            try #require(corpus).retire(retention, now: now)
        }
        let batch = try (0..<Int.random(in: 1...4, using: &random)).map { _ in oneIn(4) ? deletion() : try shard() }
        _ = try #require(corpus).ingest(batch, settled: [], retention: retention, now: { now })
    }

    private mutating func oneIn(_ number: Int) -> Bool { Int.random(in: 0..<number, using: &random) == 0 }

    private mutating func rows() -> Int {
        oneIn(4) ? Int.random(in: 1...min(120, idCount), using: &random) : Int.random(in: 1...6, using: &random)
    }

    /// Ids of images or references, there already or not.
    private mutating func ids(_ kind: Kind) -> [String] {
        let rows = rows()
        var ids: Set<String> = []
        while ids.count < rows {
            ids.insert("\(kind.rawValue)-\(Int.random(in: 0..<idCount, using: &random))")
        }
        return ids.sorted()
    }

    private mutating func shard() throws -> IncomingShard {
        let kind = Kind.allCases.randomElement(using: &random) ?? .images
        let ids = ids(kind)
        var values: [Float] = []
        for id in ids {
            let vector = vector()
            values += vector
            oracle.add(kind, id, vector, time: time)
        }
        if kind == .references { oracle.retire(retention, time: time) }
        return incoming(kind, ids, .vectors(try #require(corpus).prepare(values, dimension: dimension)))
    }

    private mutating func deletion() -> IncomingShard {
        let kind = Kind.allCases.randomElement(using: &random) ?? .images
        let ids = ids(kind)
        for id in ids { oracle.delete(kind, id) }
        return incoming(kind, ids, .deletion)
    }

    private mutating func incoming(_ kind: Kind, _ ids: [String], _ content: IncomingShard.Content) -> IncomingShard {
        shards += 1
        return IncomingShard(
            name: "\(shards).npy", kind: kind, sha256: "\(shards)", idsSHA256: nil, ids: ids, content: content,
            received: Date(timeIntervalSince1970: time))
    }

    private mutating func vector() -> [Float] {
        while true {
            let vector: [Float] = (0..<dimension).map { _ in
                run.shape == .ties
                    ? Float(Int.random(in: -1...1, using: &random)) : Float.random(in: -1...1, using: &random)
            }
            if vector.contains(where: { $0 != 0 }) { return vector }
        }
    }

    mutating func check(_ label: String) throws {
        let alpha: Float = [0, 0.75, 1].randomElement(using: &random) ?? 1
        let query = vector()
        let (_, results) = try #require(corpus).search([
            SearchQuery(vector: query, topK: 1_000_000, alpha: 1),
            SearchQuery(vector: query, topK: 10, alpha: alpha),
        ])
        let all = try results[0].get()
        let means = oracle.means()
        #expect(all.count == oracle.images.count, "\(label): number of images")
        let off = all.filter { abs(Double($0.bias) - (means[$0.id] ?? .infinity)) > 1e-5 }
        #expect(
            off.isEmpty, "\(label): biases \(off.prefix(3)) should be \(off.prefix(3).map { means[$0.id] ?? .nan })")

        let scores = oracle.scores(query, alpha: Double(alpha))
        let best = scores.values.sorted(by: >).prefix(10)
        let found = try results[1].get()
        #expect(found.count == best.count, "\(label): hits")
        for (hit, score) in zip(found, best) {
            #expect(abs(Double(hit.score) - score) < 1e-5, "\(label): score at its place")
            #expect(abs(Double(hit.score) - (scores[hit.id] ?? .infinity)) < 1e-5, "\(label): score of \(hit.id)")
        }
        let verification = try #require(corpus).verify(sample: nil)
        #expect(verification.wrongCount == 0 && verification.checked == all.count, "\(label): verify")
    }
}
