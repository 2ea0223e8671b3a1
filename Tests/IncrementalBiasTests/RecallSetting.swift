import IncrementalBias
import ShardFormats
import Testing

/// A corpus of random vectors, whose searches can be approximate from 1,000 images on.
struct RecallSetting {
    static let dimension = 48
    static let images = 4000
    static let references = 400

    let fixture: CorpusFixture
    private var random = RandomSource(seed: 5)

    init(cellLimits: CellLimits = .standard) throws {
        fixture = try CorpusFixture(
            k: 8, recallLimits: RecallLimits(minimumImages: 1000), cellLimits: cellLimits)
        try add(.images, 0..<Self.images)
        try add(.references, 0..<Self.references)
    }

    /// Which components of random vectors are large.
    enum Kind {
        /// The first ones, as those of all images: codes have these with 8 bits.
        case usual
        /// All, so that estimates, which know only the signs of the last ones, are worse.
        case hard
    }

    mutating func vectors(_ count: Int, _ kind: Kind = .usual) -> [[Float]] {
        (0..<count).map { _ in
            (0..<Self.dimension).map { component in
                Float.random(in: -1...1, using: &random) / Float(kind == .usual ? 1 + component / 8 : 1)
            }
        }
    }

    mutating func add(_ role: VectorRole, _ numbers: Range<Int>) throws {
        let vectors = vectors(numbers.count)
        try add(role, "\(role.rawValue)\(numbers.lowerBound)", numbers.map { "\($0)" }, vectors)
    }

    func add(_ role: VectorRole, _ name: String, _ ids: [String], _ vectors: [[Float]]) throws {
        try fixture.ingest([try fixture.shard(name, role, ids, vectors)])
    }

    /// Searches approximately and exactly.
    func search(
        _ queries: [[Float]], alpha: Float, topK: Int = 10, recall: Double
    ) throws -> (accuracy: SearchAccuracy, approximate: [[SearchHit]], exact: [[SearchHit]]) {
        let found = try fixture.corpus.search([
            SearchBatch(queries: queries, topK: topK, alpha: alpha, recall: recall),
            SearchBatch(queries: queries, topK: topK, alpha: alpha),
        ])
        #expect(found.accuracies[1] == nil)
        return (try #require(found.accuracies[0]), try found.results[0].get(), try found.results[1].get())
    }

    func recall(_ found: [[SearchHit]], of exact: [[SearchHit]]) -> Double {
        let right = zip(found, exact).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1.map(\.id)).count }
        return Double(right) / Double(exact.reduce(0) { $0 + $1.count })
    }
}
