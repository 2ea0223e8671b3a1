internal import LMDB
internal import VectorMath

/// The search for several batches of queries in one snapshot.
///
/// It checks and normalises the queries, scans once for all batches, and looks up the ids of the images found.
struct BatchSearch {
    let settings: StoreSettings
    let tables: Tables
    let pool: WorkerPool
    /// Says how batches that ask for a recall are answered.
    let recall: RecallRegistry

    /// The answers to batches.
    struct Answers {
        /// The snapshot's generation.
        let generation: UInt64
        /// For each batch the hits of each query, or the first query that can't be answered.
        let results: [Result<[[SearchHit]], RejectedQuery>]
        /// For each batch that asks for a recall below 1 how it was answered.
        let accuracies: [SearchAccuracy?]
        /// How many rows each step of the scans has left.
        let statistics: ScanStatistics
    }

    /// Answers batches: with one exact scan, and with one approximate scan if batches ask for a recall.
    ///
    /// - Throws: `LMDBError` if the store can't be read, ``StoreError/damaged(_:)``.
    func run(_ batches: [SearchBatch], in transaction: borrowing ReadTransaction) throws -> Answers {
        let state = try tables.state(in: transaction)
        let prepared = batches.map { batch in
            Result { () throws(RejectedQuery) in try prepare(batch, dimension: state.dimension) }
        }
        let methods = try methods(for: batches, state: state, in: transaction)
        var (exact, approximate) = (ScanGroup(), ScanGroup())
        for (batch, (vectors, method)) in zip(batches, zip(prepared, methods)) {
            guard case .success(let vectors) = vectors else { continue }
            let limit = min(batch.topK, state.images.count)
            if case .approximate(_, let candidates, let probes) = method {
                approximate.append(batch, vectors, limit: limit, candidates: candidates, probes: probes)
                recall.sample(batch, vectors: vectors, candidates: candidates, probes: probes)
            } else {
                exact.append(batch, vectors, limit: limit, candidates: 0, probes: nil)
            }
        }
        let statistics = try scan(&exact, &approximate, state: state, in: transaction)
        var results: [Result<[[SearchHit]], RejectedQuery>] = []
        var accuracies: [SearchAccuracy?] = []
        for (batch, (vectors, method)) in zip(batches, zip(prepared, methods)) {
            if case .failure(let rejection) = vectors {
                accuracies.append(method.flatMap { accuracy(of: batch, $0, scanned: 0) })
                results.append(.failure(rejection))
            } else {
                let isExact = method?.isExact ?? true
                let (found, scanned) = isExact ? exact.next(batch.count) : approximate.next(batch.count)
                accuracies.append(method.flatMap { accuracy(of: batch, $0, scanned: scanned) })
                results.append(.success(try found.map { try hits($0, in: transaction) }))
            }
        }
        return Answers(
            generation: state.generation, results: results, accuracies: accuracies, statistics: statistics)
    }

    /// How to answer each batch; `nil` for those that do not ask for a recall below 1.
    private func methods(
        for batches: [SearchBatch], state: StoreState, in transaction: borrowing ReadTransaction
    ) throws -> [SearchAccuracy.Method?] {
        guard batches.contains(where: { $0.recall != nil }) else { return batches.map { _ in nil } }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        let bases = try CodeTable(tables: tables, layout: layout).bases(in: transaction)
        let cells = try tables.cells.readableDirectory(in: transaction)
        return batches.map {
            recall.method(for: $0, state: state, codeVersion: bases.newest?.version ?? 0, cells: cells)
        }
    }

    /// Finds the images of both groups.
    private func scan(
        _ exact: inout ScanGroup, _ approximate: inout ScanGroup, state: StoreState,
        in transaction: borrowing ReadTransaction
    ) throws -> ScanStatistics {
        var statistics = ScanStatistics()
        guard state.images.count > 0 else { return statistics }
        let layout = StoreLayout(dimension: state.dimension, settings: settings)
        if !exact.limits.isEmpty {
            (exact.found, statistics) = try Scan(layout: layout, tables: tables, pool: pool).run(
                queries: exact.queries, limits: exact.limits, alphas: exact.alphas, images: state.images,
                in: transaction)
            exact.scanned = Array(repeating: state.images.end, count: exact.limits.count)
        }
        if !approximate.limits.isEmpty {
            let (found, scanned, rescored) = try ApproximateScan(layout: layout, tables: tables, pool: pool).run(
                queries: approximate.queries, limits: approximate.limits, candidates: approximate.candidates,
                probes: approximate.probes, alphas: approximate.alphas, images: state.images, in: transaction)
            (approximate.found, approximate.scanned) = (found, scanned)
            statistics.estimated = scanned.reduce(0, +)
            statistics.scanned += statistics.estimated
            statistics.rescored += rescored
        }
        return statistics
    }

    private func accuracy(of batch: SearchBatch, _ method: SearchAccuracy.Method, scanned: Int) -> SearchAccuracy? {
        guard let target = batch.recall else { return nil }
        var (probed, rescored): (Int?, Int?)
        if case .approximate(_, let candidates, let probes) = method {
            (probed, rescored) = (probes.map { batch.count * $0 }, batch.count * candidates)
        }
        return SearchAccuracy(
            target: target, method: method, scannedRows: scanned, probedCells: probed, rescoredRows: rescored)
    }

    /// Checks the vectors of a batch, and normalises them under the cosine metric.
    func prepare(_ batch: SearchBatch, dimension: Int) throws(RejectedQuery) -> [Float] {
        guard batch.count > 0 else { return [] }
        guard dimension == 0 || batch.dimension == dimension else {
            let reason = QueryRejection.wrongDimension(found: batch.dimension, expected: dimension)
            throw RejectedQuery(index: 0, reason: reason)
        }
        var vectors = batch.vectors
        let rejected = SharedRows.with(&vectors, dimension: batch.dimension) { rows -> RejectedQuery? in
            for index in 0..<batch.count {
                if let reason = prepare(index, of: rows) { return RejectedQuery(index: index, reason: reason) }
            }
            return nil
        }
        if let rejected { throw rejected }
        return vectors
    }

    /// Checks one vector, and normalises it under the cosine metric.
    ///
    /// - Returns: the reason why it can't be searched for, or `nil`.
    private func prepare(_ index: Int, of rows: SharedRows) -> QueryRejection? {
        let norm = rows.norm(index)
        guard norm.isFinite else { return .notFinite }
        switch settings.metric {
        case .cosine:
            guard norm > 0 else { return .zeroVector }
            rows.normalise(index, norm: norm)
        case .innerProduct:
            guard norm <= Metric.maximumNorm else { return .tooLarge }
        }
        return nil
    }

    /// Looks up the ids of images.
    private func hits(_ rows: [ScoredRow], in transaction: borrowing ReadTransaction) throws -> [SearchHit] {
        let identities = IdentityTable(tables: tables.images)
        return try rows.map { image in
            guard let id = try identities.id(of: image.row, in: transaction) else {
                throw StoreError.damaged("image row \(image.row) has no id")
            }
            return SearchHit(
                id: id, score: image.score, similarity: image.similarity, bias: image.similarity - image.score)
        }
    }
}

/// The queries of several batches that share a scan, and the images found for them.
private struct ScanGroup {
    /// The vectors, queries x dimension.
    private(set) var queries: [Float] = []
    /// For each query the number of images to find.
    private(set) var limits: [Int] = []
    /// For each query the number of rows that an approximate scan scores exactly.
    private(set) var candidates: [Int] = []
    /// For each query the number of cells that an approximate scan reads; `nil` for all rows.
    private(set) var probes: [Int?] = []
    private(set) var alphas: [Float] = []
    /// For each query its images; empty before the scan.
    var found: [[ScoredRow]] = []
    /// For each query the number of rows that were compared by codes; empty before the scan.
    var scanned: [Int] = []
    /// The number of queries that ``next(_:)`` has returned.
    private var taken = 0

    /// Adds the queries of a batch.
    mutating func append(_ batch: SearchBatch, _ vectors: [Float], limit: Int, candidates: Int, probes: Int?) {
        // The vectors of a single batch, which can be many, are not copied.
        if queries.isEmpty { queries = vectors } else { queries += vectors }
        limits += repeatElement(limit, count: batch.count)
        self.candidates += repeatElement(candidates, count: batch.count)
        self.probes += repeatElement(probes, count: batch.count)
        alphas += repeatElement(batch.alpha, count: batch.count)
    }

    /// The images of the next queries, in the order in which batches were added, and the number of rows that were
    /// compared by codes for these queries; none in an empty corpus.
    mutating func next(_ count: Int) -> (found: [[ScoredRow]], scanned: Int) {
        defer { taken += count }
        guard !found.isEmpty else { return (Array(repeating: [], count: count), 0) }
        return (Array(found[taken..<taken + count]), scanned[taken..<taken + count].reduce(0, +))
    }
}
