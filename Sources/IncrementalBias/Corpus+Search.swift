internal import LMDB
internal import VectorMath

extension Corpus {
    /// Finds the best images for each query: all queries in one scan, on one snapshot.
    ///
    /// The score of an image is its similarity to the query minus alpha times the mean of its k largest similarities
    /// to references (Nearest Neighbor Normalization, arXiv 2410.24114). The ranking is exact.
    ///
    /// - Parameter queries: the queries, refused one by one.
    /// - Returns: the snapshot's generation, and for each query what was found or why it can't be answered.
    /// - Throws: `LMDBError` where the store can't be read.
    package func search(_ queries: [SearchQuery]) throws -> (
        generation: UInt64, results: [Result<[SearchHit], QueryRejection>]
    ) {
        try gate.search {
            try environment.read { transaction in
                let state = try Self.state(tables, in: transaction)
                let prepared = queries.map { query in prepare(query, dimension: state.dimension) }
                let hits = try answer(queries, vectors: prepared, state: state, in: transaction)
                return (state.generation, hits)
            }
        }
    }

    /// The query's vector as the scan takes it.
    private func prepare(_ query: SearchQuery, dimension: Int) -> Result<[Float], QueryRejection> {
        var vector = query.vector
        guard dimension == 0 || vector.count == dimension else {
            return .failure(.wrongDimension(found: vector.count, expected: dimension))
        }
        let norm = Kernels.norm(vector.span)
        guard norm.isFinite else { return .failure(.notFinite) }
        switch settings.metric {
        case .cosine:
            guard norm > 0 else { return .failure(.zeroVector) }
            var span = vector.mutableSpan
            Kernels.normalise(&span, norm: norm)
        case .innerProduct:
            guard norm <= Metric.greatestNorm else { return .failure(.tooLarge) }
        }
        return .success(vector)
    }

    private func answer(
        _ queries: [SearchQuery], vectors: [Result<[Float], QueryRejection>], state: StoreState,
        in transaction: borrowing ReadTransaction
    ) throws -> [Result<[SearchHit], QueryRejection>] {
        var matrix: [Float] = []
        var limits: [Int] = []
        var alphas: [Float] = []
        for (query, vector) in zip(queries, vectors) {
            guard case .success(let vector) = vector else { continue }
            matrix += vector
            limits.append(min(query.topK, state.images.count))
            alphas.append(query.alpha)
        }
        var found: [[Candidate]] = limits.map { _ in [] }
        if state.images.count > 0, !limits.isEmpty {
            let layout = StoreLayout(dimension: state.dimension, settings: settings)
            found = try Scan(layout: layout, tables: tables, pool: searchPool)
                .run(queries: matrix, limits: limits, alphas: alphas, images: state.images, in: transaction)
        }
        var next = 0
        return try vectors.map { vector in
            if case .failure(let rejection) = vector { return .failure(rejection) }
            defer { next += 1 }
            return .success(try hits(found[next], in: transaction))
        }
    }

    private func hits(_ candidates: [Candidate], in transaction: borrowing ReadTransaction) throws -> [SearchHit] {
        let identities = IdentityTable(tables: tables.images)
        return try candidates.map { candidate in
            guard let id = try identities.id(of: candidate.row, in: transaction) else {
                throw StoreError.damaged("image row \(candidate.row) has no id")
            }
            return SearchHit(
                id: id, score: candidate.score, similarity: candidate.similarity,
                bias: candidate.similarity - candidate.score)
        }
    }
}
