/// The answer of `POST /v1/evaluate`: what the correction by biases changes for some queries.
///
/// Recalls and shares are fractions. A gain is a difference of recall at 1.
package struct EvaluationReport: Codable, Sendable {
    /// The generation of the snapshot that all figures come from.
    package var generation: UInt64
    /// The number of queries.
    package var queries: Int
    package var images: Int
    /// The number of references, without those that were taken as queries.
    package var references: Int
    /// The k of the daemon's searches.
    package var k: Int
    /// The alpha of the daemon's searches.
    package var alpha: Float
    /// The maximum k, the number of references that a heap holds.
    package var capacity: Int
    /// What was measured for each method: `none`, `current`, `tuned`, then the baselines.
    ///
    /// `tuned` is there if the request has answers.
    package var methods: [Method]
    /// Name of a method -> how unevenly images appear in the top 10 of the queries.
    package var hubness: [String: Hubness]
    /// What each pair of k and alpha gives; empty without answers.
    package var sweep: [SweepPoint]
    /// The choice of k and alpha by the answers; `nil` without answers.
    package var tuning: Tuning?
    /// The choice of k and alpha by hubness; `nil` if the request has answers.
    package var unlabelled: UnlabelledTuning?
    /// The gain with fewer references; `nil` if not asked for.
    package var referenceCurve: [ReferenceCurvePoint]?
    /// How near queries and references are to references; `nil` if not asked for.
    package var referenceDistance: ReferenceDistance?
    /// The distribution of the means of the images, with the daemon's k.
    package var means: Histogram
    /// The milliseconds that the evaluation took.
    package var tookMs: Double

    package init(
        generation: UInt64, queries: Int, images: Int, references: Int, k: Int, alpha: Float, capacity: Int,
        methods: [Method], hubness: [String: Hubness], sweep: [SweepPoint], tuning: Tuning?,
        unlabelled: UnlabelledTuning?, referenceCurve: [ReferenceCurvePoint]?, referenceDistance: ReferenceDistance?,
        means: Histogram, tookMs: Double
    ) {
        self.generation = generation
        self.queries = queries
        self.images = images
        self.references = references
        self.k = k
        self.alpha = alpha
        self.capacity = capacity
        self.methods = methods
        self.hubness = hubness
        self.sweep = sweep
        self.tuning = tuning
        self.unlabelled = unlabelled
        self.referenceCurve = referenceCurve
        self.referenceDistance = referenceDistance
        self.means = means
        self.tookMs = tookMs
    }

    /// The measures of one method of ranking.
    package struct Method: Codable, Sendable {
        /// `none`, `current`, `tuned`, or a baseline: `distribution_normalization`, `csls`, `inverted_softmax`,
        /// `dynamic_inverted_softmax` (QB-Norm), `dual_inverted_softmax` (DualIS of DBNorm).
        package var name: String
        /// The k of NNN and CSLS; `nil` for other methods.
        package var k: Int?
        /// The alpha of NNN; `nil` for other methods.
        package var alpha: Float?
        /// The chosen parameters of a baseline, by name, such as `lambda` or `beta`; `nil` for NNN.
        package var parameters: [String: Double]?
        /// The ranks' measures; `nil` without answers.
        package var recall: Recall?
        /// The mean of 1 / rank; `nil` without answers.
        package var mrr: Double?
        /// The median of the ranks; `nil` without answers.
        package var medianRank: Double?
        /// The gain over `none`, over all queries; `nil` without answers.
        ///
        /// Of a method whose parameters were chosen by the same queries it is the gain on halves that did not choose.
        package var gain: Interval?
        /// The mean over the queries of the average precision; `nil` without answers.
        package var averagePrecision: Double?
        /// The group measures; `nil` without groups.
        package var groups: GroupMeasures?

        package init(
            name: String, k: Int? = nil, alpha: Float? = nil, parameters: [String: Double]? = nil,
            recall: Recall? = nil, mrr: Double? = nil, medianRank: Double? = nil, gain: Interval? = nil,
            averagePrecision: Double? = nil, groups: GroupMeasures? = nil
        ) {
            self.name = name
            self.k = k
            self.alpha = alpha
            self.parameters = parameters
            self.recall = recall
            self.mrr = mrr
            self.medianRank = medianRank
            self.gain = gain
            self.averagePrecision = averagePrecision
            self.groups = groups
        }
    }

    /// The shares of queries whose best right image is among the first n.
    package struct Recall: Codable, Equatable, Sendable {
        package var at1: Double
        package var at5: Double
        package var at10: Double

        package init(at1: Double, at5: Double, at10: Double) {
            self.at1 = at1
            self.at5 = at5
            self.at10 = at10
        }

        private enum CodingKeys: String, CodingKey {
            case at1 = "1"
            case at5 = "5"
            case at10 = "10"
        }
    }

    /// A value with its 95% interval; `docs/evaluation.md` says how each one is computed.
    package struct Interval: Codable, Equatable, Sendable {
        package var value: Double
        package var low: Double
        package var high: Double

        package init(value: Double, low: Double, high: Double) {
            self.value = value
            self.low = low
            self.high = high
        }
    }

    /// One pair of the sweep.
    package struct SweepPoint: Codable, Equatable, Sendable {
        package var k: Int
        package var alpha: Float
        /// Recall at 1.
        package var recall: Double
        /// Whether the data can't tell the pair from the best one; the best one is among them.
        package var isNearBest: Bool

        package init(k: Int, alpha: Float, recall: Double, isNearBest: Bool) {
            self.k = k
            self.alpha = alpha
            self.recall = recall
            self.isNearBest = isNearBest
        }
    }
}
