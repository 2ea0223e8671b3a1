/// The queries of one search request: a matrix of vectors that share `topK`, `alpha`, `recall` and `rescore`.
package struct SearchBatch: Sendable {
    /// The vectors, count x dimension.
    package let vectors: [Float]
    /// The number of queries.
    package let count: Int
    /// The number of images to find for each query, at least 1.
    package let topK: Int
    /// The weight of the bias, at least 0: bias = alpha x mean.
    ///
    /// With 0, images rank by similarity.
    package let alpha: Float
    /// The share of the best `topK` images that the answers should have on average; `nil` or 1 for exact answers.
    package let recall: Double?
    /// The number of rows to score exactly for each query, at least `topK`, in place of the number that a calibration
    /// gives; `nil` for the latter.
    ///
    /// It has no effect on exact answers.
    package let rescore: Int?
    /// The number of cells to read for each query, in place of the number that a calibration gives.
    ///
    /// It needs ``rescore``. Without cells it has no effect.
    package let probes: Int?

    /// The dimension of the vectors; 0 if there are none.
    package var dimension: Int { count == 0 ? 0 : vectors.count / count }

    /// Makes a batch from a matrix with one query in each row.
    ///
    /// - Parameters:
    ///   - vectors: count x dimension.
    ///   - count: the number of queries.
    ///   - topK: the number of images to find for each query, at least 1.
    ///   - alpha: the weight of the bias, at least 0.
    ///   - recall: see ``recall``.
    ///   - rescore: see ``rescore``.
    ///   - probes: see ``probes``.
    package init(
        vectors: [Float], count: Int, topK: Int, alpha: Float, recall: Double? = nil, rescore: Int? = nil,
        probes: Int? = nil
    ) {
        precondition(count == 0 ? vectors.isEmpty : vectors.count % count == 0)
        self.vectors = vectors
        self.count = count
        self.topK = topK
        self.alpha = alpha
        self.recall = recall
        self.rescore = rescore
        self.probes = probes
    }

    /// Makes a batch from separate vectors.
    ///
    /// - Throws: ``RejectedQuery`` if a vector has another dimension than the first one.
    package init(
        queries: [[Float]], topK: Int, alpha: Float, recall: Double? = nil, rescore: Int? = nil, probes: Int? = nil
    ) throws(RejectedQuery) {
        let dimension = queries.first?.count ?? 0
        var vectors: [Float] = []
        vectors.reserveCapacity(queries.count * dimension)
        for (index, query) in queries.enumerated() {
            guard query.count == dimension else {
                throw RejectedQuery(index: index, reason: .differsFromFirst(found: query.count, first: dimension))
            }
            vectors += query
        }
        self.init(
            vectors: vectors, count: queries.count, topK: topK, alpha: alpha, recall: recall, rescore: rescore,
            probes: probes)
    }
}

/// The error for a batch with a query that can't be answered.
package struct RejectedQuery: Error, Equatable, Sendable {
    /// The index of the first such query in its batch.
    package let index: Int
    package let reason: QueryRejection

    /// Makes the error.
    package init(index: Int, reason: QueryRejection) {
        self.index = index
        self.reason = reason
    }
}

/// The reasons why a query can't be answered.
package enum QueryRejection: Equatable, Sendable {
    /// The dimension of the query differs from that of the corpus.
    case wrongDimension(found: Int, expected: Int)
    /// The dimension of the query differs from that of the first query of the batch.
    case differsFromFirst(found: Int, first: Int)
    /// A component of the vector is infinite or NaN.
    case notFinite
    /// The metric is cosine, and the vector has length 0.
    case zeroVector
    /// The metric is the inner product, and the vector is longer than ``Metric/maximumNorm``.
    case tooLarge
}
