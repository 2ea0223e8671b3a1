/// How many rows an approximate search must score exactly to reach a recall, measured for one alpha.
///
/// Some references were searched for exactly. The *place* of a right image is its index among the rows by falling
/// estimate. A search that scores the first R rows exactly finds exactly the images whose place is below R. So one
/// calibration serves all targets, and all `topK` up to the number of images found.
package struct RecallCalibration: Sendable {
    /// The weight of the means.
    package let alpha: Float
    /// The generation of the corpus in which it was measured.
    package let generation: UInt64
    /// The size of the corpus at that time.
    let counts: Counts
    /// The newest version of the codes' bases at that time.
    let codeVersion: UInt32
    /// For each group of references, for each of them, the places of its best images, by falling exact score;
    /// ``missed`` for images that are not among the rows that were looked at.
    ///
    /// A target must be reached for each group: given and sampled references are groups of their own if there are
    /// enough.
    let places: [[[UInt16]]]
    /// The number of rows by falling estimate that were looked at.
    let lookedAt: Int

    /// The number of references that were searched for.
    package var queries: Int { places.reduce(0) { $0 + $1.count } }

    static let missed = UInt16.max

    /// The size of a corpus.
    struct Counts: Equatable, Sendable {
        let images: Int
        let references: Int

        /// What was measured holds while counts change by less than this factor.
        private static let maximumGrowth = 1.25

        init(_ state: StoreState) {
            (images, references) = (state.images.count, state.references.count)
        }

        /// Whether both counts are about as large as those of another corpus.
        func resemble(_ other: Counts) -> Bool {
            Self.isNear(images, other.images) && Self.isNear(references, other.references)
        }

        /// Whether two numbers differ by less than a quarter.
        static func isNear(_ now: Int, _ before: Int) -> Bool {
            Double(now) < Double(before) * maximumGrowth && Double(now) > Double(before) / maximumGrowth
        }
    }

    /// Whether the calibration can still be used for a corpus.
    func holds(for state: StoreState) -> Bool { Counts.isNear(state.images.count, counts.images) }

    /// The number of rows to score exactly so that the mean recall of other queries reaches a target.
    ///
    /// The misses of the references plus one, times `misses`, plus one standard error, must be few enough.
    ///
    /// - Parameter misses: other queries are expected to miss so many times as many images as the references.
    /// - Returns: `nil` if no number of rows that was looked at is enough.
    func candidates(for target: Double, topK: Int, misses: Double = RecallEffort.defaultMisses) -> Int? {
        guard queries > 0, places.joined().allSatisfy({ $0.count >= topK }) else { return nil }
        func reachTarget(_ candidates: Int) -> Bool {
            places.allSatisfy { Self.reaches(target, topK: topK, misses: misses, candidates: candidates, $0) }
        }
        guard reachTarget(lookedAt) else { return nil }
        var (low, high) = (topK, max(topK, lookedAt))
        while low < high {
            let middle = (low + high) / 2
            if reachTarget(middle) { high = middle } else { low = middle + 1 }
        }
        return high
    }

    private static func reaches(
        _ target: Double, topK: Int, misses: Double, candidates: Int, _ places: [[UInt16]]
    ) -> Bool {
        let missed = places.map { places in
            Double(places.prefix(topK).count { Int($0) >= candidates }) / Double(topK)
        }
        let count = Double(missed.count)
        let total = missed.reduce(0, +)
        let mean = total / count
        let variance = missed.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        let expected = (total + 1 / Double(topK)) / count
        return misses * expected + (variance / count).squareRoot() <= 1 - target
    }
}
