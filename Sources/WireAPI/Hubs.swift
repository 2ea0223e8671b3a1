extension EvaluationReport {
    /// How unevenly images appear among the first 10 of the queries.
    ///
    /// N_10 of an image is the number of queries that have it in their top 10 (Radovanovic et al., JMLR 2010).
    package struct Hubness: Codable, Sendable {
        /// The skewness of N_10: the third standardized moment.
        package var skewness: Double
        /// The Robin Hood index: the share of all appearances that would have to move until all images had equally
        /// many.
        package var robinHood: Double
        /// The share of images with N_10 = 0.
        package var antihubs: Double
        /// The largest N_10.
        package var largest: Int
        /// The number of images for each N_10 that occurs, by rising N_10.
        package var histogram: [Count]
        /// The Lorenz curve: point i of 101 is the share of all appearances that the least frequent i% of the images
        /// have.
        package var lorenz: [Double]

        package init(
            skewness: Double, robinHood: Double, antihubs: Double, largest: Int, histogram: [Count], lorenz: [Double]
        ) {
            self.skewness = skewness
            self.robinHood = robinHood
            self.antihubs = antihubs
            self.largest = largest
            self.histogram = histogram
            self.lorenz = lorenz
        }

        /// The number of images with one N_10.
        package struct Count: Codable, Equatable, Sendable {
            package var appearances: Int
            package var images: Int

            package init(appearances: Int, images: Int) {
                self.appearances = appearances
                self.images = images
            }
        }
    }

    /// Group measures over the queries' first n images.
    package struct GroupMeasures: Codable, Sendable {
        /// The measures for each n.
        package var sizes: [Size]
        /// Normalized discounted KL divergence over the largest n (Geyik et al., KDD 2019, definition 4).
        package var ndkl: Double

        package init(sizes: [Size], ndkl: Double) {
            self.sizes = sizes
            self.ndkl = ndkl
        }

        /// The measures for one n.
        package struct Size: Codable, Sendable {
            package var n: Int
            /// (images of the first label - images of the second) / n, averaged over the queries; `nil` unless there
            /// are two labels.
            package var bias: Double?
            /// MaxSkew@n, averaged over the queries (Geyik et al., KDD 2019, definition 3).
            package var maxSkew: Double

            package init(n: Int, bias: Double?, maxSkew: Double) {
                self.n = n
                self.bias = bias
                self.maxSkew = maxSkew
            }
        }
    }

    /// A histogram of numbers in bins of equal width.
    package struct Histogram: Codable, Equatable, Sendable {
        /// The left edge of the first bin.
        package var low: Double
        /// The right edge of the last bin.
        package var high: Double
        /// The number of values in each bin.
        package var counts: [Int]

        package init(low: Double, high: Double, counts: [Int]) {
            self.low = low
            self.high = high
            self.counts = counts
        }
    }
}

/// The body of `POST /v1/hubs`.
package struct HubsRequest: Codable, Sendable {
    /// The queries whose top 10 are counted; `nil` to take a sample of references.
    package var queries: QueryVectors?
    /// The number of images to list; `nil` for 20.
    package var limit: Int?
    /// The number of references to take as queries; `nil` for 1,000.
    package var sample: Int?
    /// A generation, or a time in ISO 8601, since which changes of biases are listed; `nil` for no such list.
    package var since: String?

    package init(queries: QueryVectors? = nil, limit: Int? = nil, sample: Int? = nil, since: String? = nil) {
        self.queries = queries
        self.limit = limit
        self.sample = sample
        self.since = since
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case queries, limit, sample, since
    }

    /// Decodes a request.
    ///
    /// - Throws: ``UnknownFields``, `DecodingError`.
    package init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownFields(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        queries = try container.decodeIfPresent(QueryVectors.self, forKey: .queries)
        limit = try container.decodeWholeNumberIfPresent(forKey: .limit)
        sample = try container.decodeWholeNumberIfPresent(forKey: .sample)
        since = try container.decodeIfPresent(String.self, forKey: .since)
    }
}

/// The answer of `GET /v1/hubs` and `POST /v1/hubs`: the images that appear most, and the images with suspicious
/// biases.
package struct HubsReport: Codable, Sendable {
    package var generation: UInt64
    /// The number of queries whose top 10 were counted.
    package var queries: Int
    /// `references` or `queries`: where the queries come from.
    package var source: String
    package var k: Int
    package var alpha: Float
    /// The median of the means of all images.
    package var medianMean: Double
    /// The median of the distances of the means from their median, times 1.4826.
    ///
    /// If that median is 0, the mean of the distances times 1.253314.
    package var deviation: Double
    /// The images with the largest means, largest first.
    package var byMean: [Image]
    /// The images with the largest N_10 without correction, largest first.
    package var byAppearances: [Image]
    /// The images with a robust z-score above 3.5, largest first.
    package var suspicious: [Image]
    /// The number of all images with a robust z-score above 3.5.
    package var suspiciousCount: Int
    /// The images whose biases have changed most; `nil` if no moment was asked for.
    package var changes: Changes?

    package init(
        generation: UInt64, queries: Int, source: String, k: Int, alpha: Float, medianMean: Double, deviation: Double,
        byMean: [Image], byAppearances: [Image], suspicious: [Image], suspiciousCount: Int, changes: Changes? = nil
    ) {
        self.generation = generation
        self.queries = queries
        self.source = source
        self.k = k
        self.alpha = alpha
        self.medianMean = medianMean
        self.deviation = deviation
        self.byMean = byMean
        self.byAppearances = byAppearances
        self.suspicious = suspicious
        self.suspiciousCount = suspiciousCount
        self.changes = changes
    }

    /// One image of a list.
    package struct Image: Codable, Sendable {
        package var id: String
        /// The mean of the k largest similarities to references.
        package var mean: Float
        /// alpha x mean.
        package var bias: Float
        /// (mean - median) / `deviation`.
        package var z: Double
        /// N_10 without correction.
        package var appearancesBefore: Int
        /// N_10 with the daemon's k and alpha.
        package var appearances: Int
        /// The references with the largest similarities, at most 5, largest first.
        package var references: [Reference]

        package init(
            id: String, mean: Float, bias: Float, z: Double, appearancesBefore: Int, appearances: Int,
            references: [Reference]
        ) {
            self.id = id
            self.mean = mean
            self.bias = bias
            self.z = z
            self.appearancesBefore = appearancesBefore
            self.appearances = appearances
            self.references = references
        }
    }

    /// A reference of an image's heap.
    package struct Reference: Codable, Sendable {
        package var id: String
        package var similarity: Float

        package init(id: String, similarity: Float) {
            self.id = id
            self.similarity = similarity
        }
    }
}
