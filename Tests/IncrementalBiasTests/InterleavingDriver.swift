import Foundation
import IncrementalBias
internal import ShardFormats
import Testing
import VectorMath

/// Applies the same random steps to a corpus and to an ``Oracle``, and compares them.
struct InterleavingDriver {
    private let run: InterleavingRun
    private let folder: TemporaryFolder
    private let settings: StoreSettings
    private let requested: RequestedSettings
    private let retention: Retention
    private let limits: PendingLimits
    private let idCount: Int
    private let pool: VectorPool
    private let changeLog: ChangeLogLimits
    /// Two consumers of the change feed, one of which reads more often.
    private(set) var consumers = [FeedConsumer(), FeedConsumer()]
    private var corpus: Corpus?
    private var oracle: Oracle
    private var random: RandomSource
    private var shards = 0
    /// The number of commits that made codes anew, or their bases.
    private(set) var recoded = 0
    /// The time in seconds since 1970.
    ///
    /// It is a multiple of 1/4. No conversion rounds such a time, so that the age of a reference is exact.
    private var time = 1e9
    /// The largest numbers so far: of rows in one step; of images, references, pending entries and runs after a step.
    private(set) var most = (rows: 0, images: 0, references: 0, pending: 0, runs: 0)

    init(_ run: InterleavingRun) throws {
        self.run = run
        folder = try TemporaryFolder()
        random = RandomSource(seed: run.seed)
        let k = Int.random(in: 1...run.size.largestK, using: &random)
        idCount = run.size.ids.randomElement(using: &random) ?? 1
        settings = StoreSettings(
            metric: run.metric, precision: run.precision,
            capacity: k + Int.random(in: 0...max(6, k / 4), using: &random))
        requested = RequestedSettings(
            metric: settings.metric, precision: settings.precision, capacity: settings.capacity)
        retention = Retention(
            maximumReferences: Bool.random(using: &random) ? Int.random(in: 1...idCount, using: &random) : nil,
            secondsToLive: Bool.random(using: &random) ? Double(Int.random(in: 10...100, using: &random)) : nil)
        limits = .random(using: &random)
        changeLog = ChangeLogLimits(
            secondsToLive: 1e9, maximumBytes: Bool.random(using: &random) ? 1 << 30 : 20_000)
        pool = try VectorPool(run.source, using: &random)
        oracle = Oracle(settings: settings, k: k, pool: pool)
        try open()
    }

    /// Opens the store, or opens it again.
    private mutating func open() throws {
        corpus = nil
        corpus = try Corpus(
            folder: folder.path, settings: requested, k: RequestedK(oracle.k), threads: 2, pendingLimits: limits,
            changeLogLimits: changeLog)
    }

    /// Changes the corpus and the oracle: a commit or a staging, sometimes with a restart or a retirement before.
    mutating func step() throws {
        time += Double(Int.random(in: 0...20, using: &random)) / 4
        let now = Date(timeIntervalSince1970: time)
        if oneIn(12) {
            if Bool.random(using: &random) { oracle.k = Int.random(in: 1...settings.capacity, using: &random) }
            try open()
        }
        if oneIn(12) {
            oracle.k = Int.random(in: 1...settings.capacity, using: &random)
            try corpus?.setK(oracle.k)
        }
        if oneIn(10) {
            oracle.retire(retention, time: time)
            try #require(corpus).retire(retention, now: now)
        }
        if oneIn(4) { try recode() }
        if oneIn(6) {
            try stage(now)
        } else {
            let batch = try batch()
            _ = try #require(corpus).ingest(batch, acknowledged: [], retention: retention, now: { now })
            most.rows = max(most.rows, batch.map(\.ids.count).reduce(0, +))
        }
        most.images = max(most.images, oracle.images.count)
        most.references = max(most.references, oracle.references.count)
    }

    /// Takes steps towards better codes; changes nothing that can be seen.
    private mutating func recode() throws {
        let limits = RecodeLimits(
            growth: Int.random(in: 1...2, using: &random), minimumCount: 1,
            bytesPerStep: Int.random(in: 1...200_000, using: &random))
        let corpus = try #require(corpus)
        let state = try corpus.state()
        for _ in 0..<Int.random(in: 1...4, using: &random) where try corpus.recode(limits) { recoded += 1 }
        #expect(try corpus.state() == state)
    }

    /// True with the probability 1 / `number`.
    private mutating func oneIn(_ number: Int) -> Bool { Int.random(in: 0..<number, using: &random) == 0 }

    /// Makes the shards of a step, with random numbers of rows.
    private mutating func batch() throws -> [IncomingShard] {
        let rows = run.size.rows
        var left = Int.random(in: 1...(oneIn(12) ? rows.most : oneIn(4) ? rows.many : rows.few), using: &random)
        var batch: [IncomingShard] = []
        while left > 0 {
            let rows = Int.random(in: 1...left, using: &random)
            batch.append(try shard(rows: min(rows, idCount)))
            left -= rows
        }
        return batch
    }

    /// Stages images and commits them.
    ///
    /// Sometimes the source fails, or a crash follows before the commit.
    private mutating func stage(_ now: Date) throws {
        let rows = Int.random(in: 1...run.size.rows.many, using: &random)
        let anyID = oneIn(8)
        let ids = Array(
            (0..<idCount).shuffled(using: &random).map { "images-\($0)" }
                .filter { anyID || oracle.images[$0] == nil }.prefix(rows))
        guard !ids.isEmpty else { return }
        let vectors = ids.map { _ in Int.random(in: pool[.images].indices, using: &random) }
        let readable = oneIn(4) ? Int.random(in: 0..<ids.count, using: &random) : nil
        let source = ArraySource(
            vectors.flatMap { pool[.images][$0] }, dimension: pool.dimension, readable: readable)
        let staged: StagedImages?
        do {
            staged = try #require(corpus).stage(
                ids: ids, from: source, rowsPerPiece: Int.random(in: 1...ids.count, using: &random))
        } catch is ArraySource.Broken {
            return
        }
        let isNew = ids.allSatisfy { oracle.images[$0] == nil }
        try #require((staged != nil) == isNew, "only new images are staged")
        guard let staged else { return }
        if oneIn(4) {
            // A crash between staging and commit.
            try open()
            return
        }
        for (id, vector) in zip(ids, vectors) { oracle.add(.images, id, vector, time: time) }
        shards += 1
        let shard = IncomingShard(
            name: "\(shards).npy", role: .images, sha256: "\(shards)", idsSHA256: nil, ids: ids,
            content: .staged(staged),
            received: now)
        _ = try #require(corpus).ingest([shard], acknowledged: [], retention: retention, now: { now })
    }

    /// Makes a shard that adds, replaces or deletes `rows` images or references, and applies it to the oracle.
    private mutating func shard(rows: Int) throws -> IncomingShard {
        let role = VectorRole.allCases.randomElement(using: &random) ?? .images
        let ids = (0..<idCount).shuffled(using: &random).prefix(rows).map { "\(role.rawValue)-\($0)" }
        shards += 1
        return IncomingShard(
            name: "\(shards).npy", role: role, sha256: "\(shards)", idsSHA256: nil, ids: ids,
            content: oneIn(4) ? deletion(role, ids) : try vectors(role, ids),
            received: Date(timeIntervalSince1970: time))
    }

    private mutating func deletion(_ role: VectorRole, _ ids: [String]) -> IncomingShard.Content {
        for id in ids { oracle.delete(role, id) }
        return .deletion
    }

    private mutating func vectors(_ role: VectorRole, _ ids: [String]) throws -> IncomingShard.Content {
        let vectors = pool[role]
        var values: [Float] = []
        for id in ids {
            let vector = Int.random(in: vectors.indices, using: &random)
            values += vectors[vector]
            oracle.add(role, id, vector, time: time)
        }
        if role == .references { oracle.retire(retention, time: time) }
        return .vectors(try #require(corpus).prepare(values, dimension: pool.dimension))
    }
}

extension InterleavingDriver {
    /// Compares the results of searches with the oracle's answers, and verifies the corpus.
    ///
    /// - Parameter label: the run and the step, for messages of failures.
    mutating func check(_ label: String) throws {
        let query = pool.queries[Int.random(in: pool.queries.indices, using: &random)]
        let alpha: Float = [0, 0.75, 1].randomElement(using: &random) ?? 1
        let (_, results, _) = try #require(corpus).search([
            SearchBatch(vectors: query, count: 1, topK: 1_000_000, alpha: 1),
            SearchBatch(vectors: query, count: 1, topK: 10, alpha: alpha),
        ])
        let answers = oracle.answers(to: query)
        try check(results[0].get()[0], answers, topK: 1_000_000, alpha: 1, "\(label), all images")
        try check(results[1].get()[0], answers, topK: 10, alpha: alpha, "\(label), the best")
        let verification = try #require(corpus).verify(sample: run.size.verified)
        try #require(verification.wrongCount == 0, "\(label): verify found \(verification.wrong.prefix(3))")
        try #require(
            run.size.verified != nil || verification.checked == answers.count, "\(label): verify left images out")
        try checkHeaps(label)
        for index in consumers.indices where oneIn(index == 0 ? 2 : 10) {
            let limit = oneIn(3) ? 1_000_000 : Int.random(in: 1...200, using: &random)
            _ = try consumers[index].read(try #require(corpus), limit: limit, label)
        }
    }

    /// Lets all consumers of the change feed read all changes, and compares their copies with the corpus.
    mutating func checkConsumers(_ label: String) throws {
        for index in consumers.indices {
            while try !consumers[index].read(try #require(corpus), limit: 300, label) {}
        }
    }

    /// Compares the heaps of some images with the oracle's, and checks how many of their entries are pending.
    private mutating func checkHeaps(_ label: String) throws {
        let corpus = try #require(corpus)
        for number in (0..<idCount).shuffled(using: &random).prefix(run.size.heaps) {
            let id = "images-\(number)"
            let heap = try corpus.explainImage(id)
            try #require((heap == nil) == (oracle.images[id] == nil), "\(label): image \(id)")
            guard let heap else { continue }
            let (count, known) = (heap.references.count, oracle.references.count)
            try #require(
                min(oracle.k, known) <= count && count <= settings.capacity
                    && Set(heap.references.map(\.id)).count == count,
                "\(label): the heap of \(id) has \(count) references")
            for (reference, best) in zip(heap.references, oracle.bestSimilarities(of: id, count: count)) {
                let own = oracle.similarity(of: id, to: reference.id) ?? .nan
                let isRight = [own, best].allSatisfy { abs(Double(reference.similarity) - $0) < 1e-5 }
                try #require(isRight, "\(label): \(reference) in the heap of \(id) should be \(own), \(best)")
            }
        }
        let pending = try corpus.pendingEntries()
        try #require(try corpus.countPendingEntries() == pending?.live ?? 0, "\(label): number of pending entries")
        most.pending = max(most.pending, pending?.live ?? 0)
        most.runs = max(most.runs, pending?.runs.count ?? 0)
        // Of each size class fewer than `runsPerMerge` runs are left; 12 is an upper bound of the number of classes.
        try #require(most.runs <= 12 * limits.runsPerMerge, "\(label): \(most.runs) runs")
    }

    /// Checks the hits of one query.
    ///
    /// The score at each rank must be the oracle's, and so must the score and the bias of each image. Images with equal
    /// scores can come in any order.
    private func check(
        _ hits: [SearchHit], _ answers: [String: Oracle.Answer], topK: Int, alpha: Float, _ label: String
    ) throws {
        let alpha = Double(alpha)
        let best = answers.values.map { $0.score(alpha: alpha) }.sorted(by: >).prefix(topK)
        let distinct = Set(hits.map(\.id)).count
        try #require(hits.count == best.count && distinct == best.count, "\(label): number of hits")
        for (hit, score) in zip(hits, best) {
            let answer = answers[hit.id]
            let differences = [
                Double(hit.score) - score,
                Double(hit.score) - (answer?.score(alpha: alpha) ?? .nan),
                Double(hit.bias) - alpha * (answer?.mean ?? .nan),
            ]
            let isRight = differences.allSatisfy { abs($0) < 1e-5 }
            try #require(isRight, "\(label): \(hit) should be \(answer as Any), the score at this rank \(score)")
        }
    }
}

extension PendingLimits {
    /// Small limits, so that few entries lead to many chunks, merges and blocks.
    fileprivate static func random(using random: inout RandomSource) -> PendingLimits {
        var limits = PendingLimits()
        limits.entriesPerPage = [4, 64, 256, 1024, 4096].randomElement(using: &random) ?? 64
        limits.pagesPerBlock = Int.random(in: 1...4, using: &random)
        limits.runsPerMerge = Int.random(in: 2...5, using: &random)
        limits.smallestClass = Int.random(in: 1...100, using: &random)
        limits.entriesPerChunk = [1, 7, 100].randomElement(using: &random) ?? 100
        return limits
    }
}
