import Evaluation
import Foundation
import IncrementalBias
import ShardFormats
import Testing
import VectorMath

/// How well references match queries, compared with a plain computation from the vectors.
final class ReferenceMatchTests {
    private static let (k, dimension, alpha) = (3, 8, Float(0.75))
    private static let hour = 3600.0
    private let folder = FileManager.default.temporaryDirectory.appending(path: "nnnd-match-\(UUID().uuidString)")
    private let corpus: Corpus
    private var generator = SeededGenerator(seed: 21)
    private var images: [[Float]] = []
    private var references: [[Float]] = []

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // A heap of four references does not reach far: most means without the new references need a search.
        corpus = try Corpus(
            folder: folder.path(), settings: RequestedSettings(metric: .cosine, precision: .float32, capacity: 4),
            k: RequestedK(Self.k), threads: 2)
        images = vectors(60)
        try add(.images, images, name: "i.npy", at: 0)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Random vectors of length 1 around a direction.
    private func vectors(_ count: Int, around center: Int? = nil) -> [[Float]] {
        (0..<count).map { _ in
            var vector = (0..<Self.dimension).map { _ in Float.random(in: -1...1, using: &generator) }
            if let center { vector[center] += 3 }
            let norm = Self.product(vector, vector).squareRoot()
            return vector.map { $0 / norm }
        }
    }

    private func add(_ role: VectorRole, _ vectors: [[Float]], name: String, at time: Double) throws {
        let prepared = try corpus.prepare(vectors.flatMap(\.self), dimension: Self.dimension)
        let shard = IncomingShard(
            name: name, role: role, sha256: String(repeating: "0", count: 64), idsSHA256: nil,
            ids: vectors.indices.map { "\(name):\($0)" }, content: .vectors(prepared),
            received: Date(timeIntervalSince1970: time))
        _ = try corpus.ingest(
            [shard], acknowledged: [], retention: .everything, now: { Date(timeIntervalSince1970: time) })
    }

    private func addReferences(_ count: Int, around center: Int?, name: String, at time: Double) throws {
        let added = vectors(count, around: center)
        references += added
        try add(.references, added, name: name, at: time)
    }

    private func match(_ queries: [[Float]], now: Double, isLate: Bool = false) throws -> ReferenceMatch? {
        try ReferenceMatch(
            corpus, queries: queries, alpha: Self.alpha, now: Date(timeIntervalSince1970: now),
            isCancelled: { false }, isLate: { isLate })
    }

    private static func product(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    /// The largest similarity of a vector to a reference other than itself.
    private func nearest(_ vector: [Float]) -> Float {
        references.filter { $0 != vector }.map { Self.product(vector, $0) }.max() ?? -.infinity
    }

    private func farther(_ queries: [[Float]]) -> Double {
        let (first, second) = (queries.map(nearest), references.map(nearest))
        let pairs = first.reduce(0) { sum, value in sum + second.count { value < $0 } }
        return Double(pairs) / Double(first.count * second.count)
    }

    /// The numbers of the images with the highest scores, with the first `count` references.
    private func top(_ query: [Float], references count: Int) -> Set<Int> {
        let scores = images.map { image in
            let nearest = references.prefix(count).map { Self.product(image, $0) }.sorted(by: >).prefix(Self.k)
            let mean = nearest.isEmpty ? 0 : nearest.reduce(0, +) / Float(nearest.count)
            return Self.product(query, image) - Self.alpha * mean
        }
        return Set(images.indices.sorted { scores[$0] > scores[$1] }.prefix(10))
    }

    @Test func distancesAndChangesAreThoseOfAPlainComputation() throws {
        try addReferences(40, around: 0, name: "old.npy", at: 1000)
        try addReferences(15, around: 1, name: "new.npy", at: 2000)
        let queries = vectors(20, around: 1) + [references[3]]
        let match = try #require(try match(queries, now: 2000 + Self.hour - 1))
        #expect((match.queries, match.newReferences, match.generation) == (21, 15, 3))
        #expect(abs(match.farther - farther(queries)) < 0.002)
        let sorted = queries.map(nearest).sorted()
        #expect(abs(match.querySimilarity - Double(sorted[10])) < 1e-5)
        let changes = queries.map { top($0, references: 55).subtracting(top($0, references: 40)).count }
        #expect(changes.reduce(0, +) > 10)
        #expect(abs(try #require(match.changed) - Double(changes.reduce(0, +)) / 210) < 0.01)
    }

    @Test func allReferencesCanBeNewOrOld() throws {
        try addReferences(20, around: 0, name: "a.npy", at: 1000)
        let queries = vectors(30)
        let new = try #require(try match(queries, now: 1001))
        let changes = queries.map { top($0, references: 20).subtracting(top($0, references: 0)).count }
        #expect(new.newReferences == 20)
        #expect(abs(try #require(new.changed) - Double(changes.reduce(0, +)) / 300) < 0.01)
        let old = try #require(try match(queries, now: 1001 + Self.hour))
        #expect((old.newReferences, old.changed) == (0, 0))
        #expect(old.farther == new.farther)
    }

    @Test func queriesOfOtherTopicsAreFartherAndAlikeOnesAreNot() throws {
        try addReferences(200, around: 0, name: "a.npy", at: 0)
        let (alike, other) = (vectors(200, around: 0), vectors(200, around: 1))
        #expect(try #require(try match(other, now: 10)).farther > 0.95)
        #expect(abs(try #require(try match(alike, now: 10)).farther - 0.5) < 0.1)
    }

    @Test func withoutReferencesOrQueriesNothingIsMeasured() throws {
        let queries = vectors(3)
        #expect(try match(queries, now: 0) == nil)
        try addReferences(1, around: 0, name: "a.npy", at: 0)
        // One reference has no other reference.
        #expect(try match(queries, now: 0) == nil)
        try addReferences(1, around: 0, name: "b.npy", at: 0)
        #expect(try match(queries, now: 0) != nil)
        #expect(try match([], now: 0) == nil)
        #expect(try match([[1, 2, 3]], now: 0) == nil)
    }

    @Test func aMeasurementThatIsLateOrCancelledThrows() throws {
        try addReferences(5, around: 0, name: "a.npy", at: 0)
        let queries = vectors(3)
        #expect(throws: CancellationError.self) { try match(queries, now: 0, isLate: true) }
    }
}
