import Foundation
import IncrementalBias
import ShardFormats
import Testing
import VectorMath

/// A corpus in a temporary folder under the metric inner product, and functions that make shards for it.
final class CorpusFixture {
    private let folder: TemporaryFolder
    private let k: Int
    private let capacity: Int?
    private let limits: PendingLimits
    private let recallLimits: RecallLimits
    private let cellLimits: CellLimits
    private(set) var corpus: Corpus

    /// Creates a store.
    init(
        k: Int = 2, capacity: Int? = nil, limits: PendingLimits = .standard, recallLimits: RecallLimits = .standard,
        cellLimits: CellLimits = .standard
    ) throws {
        folder = try TemporaryFolder()
        (self.k, self.capacity, self.limits) = (k, capacity, limits)
        (self.recallLimits, self.cellLimits) = (recallLimits, cellLimits)
        corpus = try Self.open(folder, k, capacity, limits, recallLimits, cellLimits)
    }

    private static func open(
        _ folder: TemporaryFolder, _ k: Int, _ capacity: Int?, _ limits: PendingLimits, _ recallLimits: RecallLimits,
        _ cellLimits: CellLimits
    ) throws -> Corpus {
        let settings = RequestedSettings(metric: .innerProduct, precision: .float32, capacity: capacity)
        return try Corpus(
            folder: folder.path, settings: settings, k: RequestedK(k), threads: 2, pendingLimits: limits,
            recallLimits: recallLimits, cellLimits: cellLimits)
    }

    /// Opens a copy of the store as the last commit left it, as after a crash.
    func copyAfterCrash() throws -> (corpus: Corpus, folder: TemporaryFolder) {
        let copy = try TemporaryFolder()
        let path = "\(copy.path)/data.mdb"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try corpus.writeCopy(to: file.fileDescriptor)
        try file.close()
        return (try Self.open(copy, k, capacity, limits, recallLimits, cellLimits), copy)
    }

    /// A shard that adds references or images, one vector for each of `ids`.
    func shard(_ name: String, _ role: VectorRole, _ ids: [String], _ vectors: [[Float]]) throws -> IncomingShard {
        let prepared = try corpus.prepare(vectors.flatMap(\.self), dimension: vectors[0].count)
        return shard(name, role, ids, .vectors(prepared), hash: vectors.description)
    }

    /// A shard that adds images, one vector for each of `ids`.
    func shard(_ name: String, _ ids: [String], _ vectors: [[Float]]) throws -> IncomingShard {
        try shard(name, .images, ids, vectors)
    }

    /// A shard that deletes references or images.
    func deletion(_ name: String, _ role: VectorRole, _ ids: [String]) -> IncomingShard {
        shard(name, role, ids, .deletion, hash: "")
    }

    /// A shard that deletes images.
    func deletion(_ name: String, _ ids: [String]) -> IncomingShard { deletion(name, .images, ids) }

    /// A shard with any content.
    ///
    /// Shards with the same ids and the same `hash` get the same SHA-256, so the corpus takes them for the same file.
    func shard(
        _ name: String, _ role: VectorRole, _ ids: [String], _ content: IncomingShard.Content, hash: String
    ) -> IncomingShard {
        let digits = (ids.joined(separator: ",") + hash).utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        let hex = String(digits, radix: 16)
        let sha256 = String(repeating: "0", count: 64 - hex.count) + hex
        return IncomingShard(
            name: name, role: role, sha256: sha256, idsSHA256: nil, ids: ids, content: content,
            received: Date(timeIntervalSince1970: 1))
    }

    /// Commits shards at the time `time`, in seconds since 1970.
    @discardableResult
    func ingest(
        _ shards: [IncomingShard], acknowledged: Set<UInt64> = [], retention: Retention = .everything, time: Double = 2
    ) throws -> [ShardOutcome] {
        try corpus.ingest(
            shards, acknowledged: acknowledged, retention: retention, now: { Date(timeIntervalSince1970: time) })
    }

    /// The hits of a search with alpha 1 for all images, by id.
    func search(_ query: [Float]) throws -> [String: SearchHit] {
        let batch = SearchBatch(vectors: query, count: 1, topK: 1000, alpha: 1)
        let hits = try corpus.search([batch]).results[0].get()[0]
        return Dictionary(uniqueKeysWithValues: hits.map { ($0.id, $0) })
    }

    /// The ids of the references in the heap of an image.
    func references(of image: String) throws -> Set<String> {
        Set(try #require(try corpus.explainImage(image)).references.map(\.id))
    }
}

extension ShardOutcome {
    /// The receipt of a shard that took effect now.
    var applied: Receipt? { if case .applied(let receipt) = self { receipt } else { nil } }
    /// The receipt of a shard that had taken effect before.
    var unchanged: Receipt? { if case .unchanged(let receipt) = self { receipt } else { nil } }
    /// The reason of a rejection.
    var rejected: ShardRejection? { if case .rejected(let rejection) = self { rejection } else { nil } }
}
