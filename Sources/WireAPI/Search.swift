/// The body of `POST /v1/search`.
package struct SearchRequest: Codable, Sendable {
    /// The vectors of the queries, all with the dimension of the corpus.
    package var queries: [[Float]]
    /// The number of images to find for each query; `nil` for 10.
    package var topK: Int?
    /// The weight of the bias; `nil` for the daemon's setting, 0 for the ranking by similarity.
    package var alpha: Float?

    package init(queries: [[Float]], topK: Int? = nil, alpha: Float? = nil) {
        self.queries = queries
        self.topK = topK
        self.alpha = alpha
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case queries
        case topK = "top_k"
        case alpha
    }

    /// Decodes a request.
    ///
    /// - Throws: ``UnknownFields``, `DecodingError`.
    package init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownFields(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        queries = try container.decode([[Float]].self, forKey: .queries)
        alpha = try container.decodeIfPresent(Float.self, forKey: .alpha)
        topK = try container.decodeWholeNumberIfPresent(forKey: .topK)
    }
}

/// The answer of `POST /v1/search`.
package struct SearchResponse: Codable, Sendable {
    /// The generation of the corpus that all results reflect.
    package var generation: UInt64
    /// For each query, in order, its hits by falling score.
    package var results: [[Hit]]
    /// The milliseconds from the last byte of the request until the results were known.
    package var tookMs: Double

    package init(generation: UInt64, results: [[Hit]], tookMs: Double) {
        self.generation = generation
        self.results = results
        self.tookMs = tookMs
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
