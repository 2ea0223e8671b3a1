internal import LMDB
internal import VectorMath

/// The search for several batches of queries in one snapshot.
///
/// It checks and normalises the queries, scans once for all batches, and looks up the ids of the images found.
struct BatchSearch {
    let settings: StoreSettings
    let tables: Tables
    let pool: WorkerPool

    /// Answers batches.
    ///
    /// - Returns: the snapshot's generation, and for each batch the hits of each query. If a query of the batch can't
    ///   be answered, the batch has the first such query instead. Also how many rows each step of the scan has left.
    /// - Throws: `LMDBError` if the store can't be read, ``StoreError/damaged(_:)``.
    func run(
        _ batches: [SearchBatch], in transaction: borrowing ReadTransaction
    ) throws -> (
        generation: UInt64, results: [Result<[[SearchHit]], RejectedQuery>], statistics: ScanStatistics
    ) {
        let state = try tables.state(in: transaction)
        let prepared = batches.map { batch in
            Result { () throws(RejectedQuery) in try prepare(batch, dimension: state.dimension) }
        }
        var matrix: [Float] = []
        var limits: [Int] = []
        var alphas: [Float] = []
        for (batch, vectors) in zip(batches, prepared) {
            guard case .success(let vectors) = vectors else { continue }
            // The vectors of a single batch, which can be many, are not copied.
            if matrix.isEmpty { matrix = vectors } else { matrix += vectors }
            limits += repeatElement(min(batch.topK, state.images.count), count: batch.count)
            alphas += repeatElement(batch.alpha, count: batch.count)
        }
        var found: [[ScoredRow]] = limits.map { _ in [] }
        var statistics = ScanStatistics()
        if state.images.count > 0, !limits.isEmpty {
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            (found, statistics) = try Scan(layout: layout, tables: tables, pool: pool)
                .run(queries: matrix, limits: limits, alphas: alphas, images: state.images, in: transaction)
        }
        var next = 0
        var results: [Result<[[SearchHit]], RejectedQuery>] = []
        for (batch, vectors) in zip(batches, prepared) {
            if case .failure(let rejection) = vectors {
                results.append(.failure(rejection))
            } else {
                results.append(.success(try found[next..<next + batch.count].map { try hits($0, in: transaction) }))
                next += batch.count
            }
        }
        return (state.generation, results, statistics)
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
