/// The body of `POST /v1/search`.
///
/// It has exactly one of `queries`, `image_ids` and `reference_ids`.
package struct SearchRequest: Codable, Sendable {
    /// The vectors of the queries, all with the dimension of the corpus; empty if ids take their place.
    package var queries: [[Float]]
    /// The ids of images whose stored vectors are the queries.
    package var imageIDs: [String]?
    /// The ids of references whose stored vectors are the queries.
    package var referenceIDs: [String]?
    /// The number of images to find for each query; `nil` for 10.
    package var topK: Int?
    /// The weight of the bias; `nil` for the daemon's setting, 0 for the ranking by similarity.
    package var alpha: Float?
    /// The smallest score that a hit can have; `nil` for no limit.
    package var minScore: Float?
    /// The share of the best images that the answers should have on average; `nil` for the daemon's setting, 1 for
    /// exact answers.
    package var recall: Double?
    /// The number of rows to score exactly for each query of an approximate search; `nil` for the number that a
    /// calibration gives.
    package var rescore: Int?
    /// The number of cells to read for each query of an approximate search; `nil` for the number that a calibration
    /// gives.
    package var probes: Int?
    /// Whether the queries can become references; `nil` for true.
    package var sample: Bool?

    package init(
        queries: [[Float]], topK: Int? = nil, alpha: Float? = nil, minScore: Float? = nil, recall: Double? = nil
    ) {
        self.queries = queries
        (self.topK, self.alpha, self.minScore, self.recall) = (topK, alpha, minScore, recall)
    }

    /// A search by the ids of images, or of references.
    package init(
        imageIDs: [String]? = nil, referenceIDs: [String]? = nil, topK: Int? = nil, alpha: Float? = nil,
        minScore: Float? = nil, recall: Double? = nil
    ) {
        self.init(queries: [], topK: topK, alpha: alpha, minScore: minScore, recall: recall)
        (self.imageIDs, self.referenceIDs) = (imageIDs, referenceIDs)
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case queries
        case imageIDs = "image_ids"
        case referenceIDs = "reference_ids"
        case topK = "top_k"
        case alpha
        case minScore = "min_score"
        case recall, rescore, probes, sample
    }

    /// Decodes a request.
    ///
    /// - Throws: ``UnknownFields``, `DecodingError`.
    package init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownFields(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        imageIDs = try container.decodeIfPresent([String].self, forKey: .imageIDs)
        referenceIDs = try container.decodeIfPresent([String].self, forKey: .referenceIDs)
        let sources = [imageIDs != nil, referenceIDs != nil, container.contains(.queries)].filter(\.self)
        guard sources.count <= 1 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: [],
                    debugDescription: "Send only one of 'queries', 'image_ids' and 'reference_ids'."))
        }
        let hasIDs = imageIDs != nil || referenceIDs != nil
        queries = hasIDs ? [] : try container.decode([[Float]].self, forKey: .queries)
        alpha = try container.decodeIfPresent(Float.self, forKey: .alpha)
        minScore = try container.decodeIfPresent(Float.self, forKey: .minScore)
        recall = try container.decodeIfPresent(Double.self, forKey: .recall)
        sample = try container.decodeIfPresent(Bool.self, forKey: .sample)
        topK = try container.decodeWholeNumberIfPresent(forKey: .topK)
        rescore = try container.decodeWholeNumberIfPresent(forKey: .rescore)
        probes = try container.decodeWholeNumberIfPresent(forKey: .probes)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if imageIDs == nil, referenceIDs == nil { try container.encode(queries, forKey: .queries) }
        try container.encodeIfPresent(imageIDs, forKey: .imageIDs)
        try container.encodeIfPresent(referenceIDs, forKey: .referenceIDs)
        try container.encodeIfPresent(topK, forKey: .topK)
        try container.encodeIfPresent(alpha, forKey: .alpha)
        try container.encodeIfPresent(minScore, forKey: .minScore)
        try container.encodeIfPresent(recall, forKey: .recall)
        try container.encodeIfPresent(rescore, forKey: .rescore)
        try container.encodeIfPresent(probes, forKey: .probes)
        try container.encodeIfPresent(sample, forKey: .sample)
    }
}

/// The answer of `POST /v1/search`.
package struct SearchResponse: Codable, Sendable {
    /// The generation of the corpus that all results reflect.
    package var generation: UInt64
    /// For each query, in order, its hits by falling score.
    package var results: [[Hit]]
    /// How the queries were answered; `nil` if neither the request nor the settings asked for a recall below 1.
    package var recall: Recall?
    /// The milliseconds from the last byte of the request until the results were known.
    package var tookMs: Double

    package init(generation: UInt64, results: [[Hit]], recall: Recall? = nil, tookMs: Double) {
        self.generation = generation
        self.results = results
        self.recall = recall
        self.tookMs = tookMs
    }

    /// How a request that asked for a recall below 1 was answered.
    package struct Recall: Codable, Equatable, Sendable {
        /// The recall that was asked for.
        package var target: Double
        /// Whether the answers are exact.
        package var exact: Bool
        /// Why the answers are exact: `few_images`, `large_top_k`, `uncalibrated` or `many_candidates`.
        package var reason: String?
        /// The generation of the corpus in which the calibration was made that approximate answers rely on.
        package var calibration: UInt64?
        /// The rows that were compared by codes; a row counts once for each query.
        package var scannedRows: Int
        /// The cells that were read, a cell counts once for each query; `nil` if all rows were compared.
        package var probedCells: Int?
        /// The rows whose exact scores were computed; `nil` for exact answers.
        package var rescoredRows: Int?

        package init(
            target: Double, exact: Bool, reason: String? = nil, calibration: UInt64? = nil, scannedRows: Int,
            probedCells: Int? = nil, rescoredRows: Int? = nil
        ) {
            self.target = target
            self.exact = exact
            self.reason = reason
            self.calibration = calibration
            self.scannedRows = scannedRows
            self.probedCells = probedCells
            self.rescoredRows = rescoredRows
        }
    }

    /// An image that a search found.
    package struct Hit: Codable, Sendable {
        package var id: String
        /// similarity - bias.
        package var score: Float
        package var similarity: Float
        /// alpha x the mean of the image's k largest similarities to references.
        package var bias: Float

        package init(id: String, score: Float, similarity: Float, bias: Float) {
            self.id = id
            self.score = score
            self.similarity = similarity
            self.bias = bias
        }
    }
}
