/// The body of `POST /v1/search`.
package struct SearchRequest: Codable, Sendable {
    /// The queries' vectors, each of the corpus' dimension.
    package var queries: [[Float]]
    /// The number of images to find for each query; 10 unless given.
    package var topK: Int?
    /// The weight of the bias; the daemon's setting unless given, 0 for the plain ranking.
    package var alpha: Float?

    package init(queries: [[Float]], topK: Int? = nil, alpha: Float? = nil) {
        self.queries = queries
        self.topK = topK
        self.alpha = alpha
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        queries = try container.decode([[Float]].self, forKey: .queries)
        alpha = try container.decodeIfPresent(Float.self, forKey: .alpha)
        // As a number first: the decoder of whole numbers doesn't name a number that isn't whole.
        if let number = try container.decodeIfPresent(Double.self, forKey: .topK) {
            guard let whole = Int(exactly: number) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .topK, in: container, debugDescription: "\(number) is not a whole number.")
            }
            topK = whole
        }
    }
}

/// The answer of `POST /v1/search`.
package struct SearchResponse: Codable, Sendable {
    /// The generation that all results reflect.
    package var generation: UInt64
    /// For each query its hits, by falling score.
    package var results: [[Hit]]
    /// The milliseconds from the request's last byte to the answer.
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
