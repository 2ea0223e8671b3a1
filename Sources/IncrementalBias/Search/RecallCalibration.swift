/// How many rows an approximate search must score exactly to reach a recall, measured for one alpha.
///
/// Some references were searched for exactly. The *place* of a right image is its index among the rows by falling
/// estimate. A search that scores the first R rows exactly finds exactly the images whose place is below R. A search that
/// reads cells finds those of them that are in one of its cells, and perhaps some more, because it estimates fewer rows.
/// So one calibration serves all targets, and all `topK` up to the number of images found.
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
    /// The dimension of the vectors.
    let dimension: Int
    /// In how many cells the best images were; `nil` if there were no cells.
    let cells: Cells?

    /// What was measured of cells.
    struct Cells: Sendable {
        /// Which cells they were; see ``CellDirectory``.
        let training: UInt32
        let revision: UInt32
        /// For each image in ``places`` the number of cells that a search must read to find it; 0 in the tail.
        let probes: [[[UInt16]]]
    }

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

    /// What to read and to score exactly so that the mean recall of other queries reaches a target.
    ///
    /// The misses of the references plus one, times `misses`, plus one standard error, must be few enough. Of all that
    /// are enough, it is about the cheapest (``SearchCost``).
    ///
    /// - Parameters:
    ///   - misses: other queries are expected to miss so many times as many images as the references.
    ///   - cells: the cells that searches can read; `nil` for none.
    ///   - limit: the largest number of rows to score exactly.
    /// - Returns: `nil` if no number of rows up to `limit` is enough.
    func effort(
        for target: Double, topK: Int, misses: Double = RecallEffort.defaultMisses, cells: CellDirectory? = nil,
        limit: Int
    ) -> SearchEffort? {
        guard queries > 0, places.joined().allSatisfy({ $0.count >= topK }) else { return nil }
        let most = min(limit, lookedAt)
        func reachTarget(_ candidates: Int, _ probes: Int?) -> Bool {
            places.indices.allSatisfy { group in
                reaches(target, topK: topK, misses: misses, candidates: candidates, probes: probes, group: group)
            }
        }
        guard topK <= most, reachTarget(most, nil) else { return nil }
        let fewest = Self.smallest(topK...most) { reachTarget($0, nil) }
        let cost = SearchCost(rows: counts.images, dimension: dimension, cells: cells)
        var best = (effort: SearchEffort(candidates: fewest, probes: nil), cost: cost.ofAllRows(candidates: fewest))
        guard let cells, cells.training == self.cells?.training else { return best.effort }
        for share in Self.candidateShares {
            let candidates = min(most, Int((share * Double(fewest)).rounded(.up)))
            guard reachTarget(candidates, cells.count) else { continue }
            let probes = Self.smallest(1...cells.count) { reachTarget(candidates, $0) }
            guard let own = cost.ofCells(probes, candidates: candidates), own < best.cost else { continue }
            best = (SearchEffort(candidates: candidates, probes: probes), own)
        }
        return best.effort
    }

    /// Numbers of rows to score exactly that are tried with cells, in relation to the smallest one without cells.
    ///
    /// With more rows, more images can be missed in other cells.
    private static let candidateShares = [1.0, 1.25, 1.5, 2, 3, 4, 6]

    /// The smallest number of a range with a property that all larger ones have too.
    private static func smallest(_ range: ClosedRange<Int>, _ hasProperty: (Int) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if hasProperty(middle) { high = middle } else { low = middle + 1 }
        }
        return high
    }

    private func reaches(
        _ target: Double, topK: Int, misses: Double, candidates: Int, probes: Int?, group: Int
    ) -> Bool {
        let missed = places[group].indices.map { query in
            let found = (0..<topK).count { image in
                guard Int(places[group][query][image]) < candidates else { return false }
                guard let probes, let cells else { return true }
                return Int(cells.probes[group][query][image]) <= probes
            }
            return Double(topK - found) / Double(topK)
        }
        let count = Double(missed.count)
        let total = missed.reduce(0, +)
        let mean = total / count
        let variance = missed.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / max(1, count - 1)
        let expected = (total + 1 / Double(topK)) / count
        return misses * expected + (variance / count).squareRoot() <= 1 - target
    }
}
