extension EvaluationReport {
    /// The choice of k and alpha by labelled queries.
    package struct Tuning: Codable, Sendable {
        /// The pair with the highest recall at 1 over all queries.
        package var k: Int
        package var alpha: Float
        /// How often the queries were divided into random halves.
        package var repeats: Int
        /// The gain over `none` on the halves that did not choose.
        package var gain: Interval
        /// The gain over `current` on the halves that did not choose.
        package var gainOverCurrent: Interval
        /// Whether the interval of `gainOverCurrent` is above zero.
        package var isBetterThanCurrent: Bool
        package var nearBest: NearBest

        package init(
            k: Int, alpha: Float, repeats: Int, gain: Interval, gainOverCurrent: Interval, isBetterThanCurrent: Bool,
            nearBest: NearBest
        ) {
            self.k = k
            self.alpha = alpha
            self.repeats = repeats
            self.gain = gain
            self.gainOverCurrent = gainOverCurrent
            self.isBetterThanCurrent = isBetterThanCurrent
            self.nearBest = nearBest
        }
    }

    /// How flat the optimum is: the pairs that the data can't tell from the best one.
    package struct NearBest: Codable, Equatable, Sendable {
        /// The number of such pairs, the best one included.
        package var pairs: Int
        /// The number of all pairs.
        package var of: Int
        package var smallestK: Int
        package var largestK: Int
        package var smallestAlpha: Float
        package var largestAlpha: Float

        package init(
            pairs: Int, of: Int, smallestK: Int, largestK: Int, smallestAlpha: Float, largestAlpha: Float
        ) {
            self.pairs = pairs
            self.of = of
            self.smallestK = smallestK
            self.largestK = largestK
            self.smallestAlpha = smallestAlpha
            self.largestAlpha = largestAlpha
        }
    }

    /// A proposal for k and alpha without labels: the weakest correction among the pairs whose number of antihubs can't
    /// be told from the smallest one.
    package struct UnlabelledTuning: Codable, Sendable {
        package var k: Int
        package var alpha: Float
        /// `queries` or `references`: what was searched for.
        package var source: String
        /// Whether there are fewer antihubs than without correction.
        ///
        /// If that can't be told, the proposal is the pair of the daemon's searches.
        package var isBetterThanNone: Bool
        package var nearBest: NearBest
        package var sweep: [Point]

        package init(
            k: Int, alpha: Float, source: String, isBetterThanNone: Bool, nearBest: NearBest, sweep: [Point]
        ) {
            self.k = k
            self.alpha = alpha
            self.source = source
            self.isBetterThanNone = isBetterThanNone
            self.nearBest = nearBest
            self.sweep = sweep
        }

        /// The hubness of one pair.
        package struct Point: Codable, Equatable, Sendable {
            package var k: Int
            package var alpha: Float
            /// The share of images in nobody's top 10.
            package var antihubs: Double
            /// The number of different images that are first for some query.
            package var distinctFirst: Int
            /// Whether the pair is one of ``UnlabelledTuning/nearBest``.
            package var isNearBest: Bool

            package init(k: Int, alpha: Float, antihubs: Double, distinctFirst: Int, isNearBest: Bool) {
                self.k = k
                self.alpha = alpha
                self.antihubs = antihubs
                self.distinctFirst = distinctFirst
                self.isNearBest = isNearBest
            }
        }
    }

    /// The gain with a part of the references.
    package struct ReferenceCurvePoint: Codable, Sendable {
        /// The share of the references: 0.01, 0.05, 0.2, 0.5 or 1.
        package var share: Double
        /// The number of references.
        package var references: Int
        /// For each random order of the references the gain over `none`, with the k and alpha of `tuned`.
        package var gains: [Double]
        /// The mean of `gains`.
        package var gain: Double

        package init(share: Double, references: Int, gains: [Double], gain: Double) {
            self.share = share
            self.references = references
            self.gains = gains
            self.gain = gain
        }
    }

    /// The largest similarity to a reference: of queries, and of references to other references.
    package struct ReferenceDistance: Codable, Sendable {
        package var queries: Quantiles
        package var references: Quantiles

        package init(queries: Quantiles, references: Quantiles) {
            self.queries = queries
            self.references = references
        }
    }

    /// Quantiles of a distribution.
    package struct Quantiles: Codable, Equatable, Sendable {
        package var p05: Double
        package var p25: Double
        package var p50: Double
        package var p75: Double
        package var p95: Double

        package init(p05: Double, p25: Double, p50: Double, p75: Double, p95: Double) {
            self.p05 = p05
            self.p25 = p25
            self.p50 = p50
            self.p75 = p75
            self.p95 = p95
        }
    }
}
