/// What the choice among candidates goes by: for each query and candidate whether the rank is 1, and 1 / rank.
struct CandidateScores {
    private let candidates: Int
    /// Row-major, queries x candidates: 1 if the rank is 1, else 0.
    private let hits: [Int32]
    /// Row-major, queries x candidates: 2^40 / rank, rounded down.
    private let reciprocals: [Int64]

    init(table: RankTable, candidates: [Int]) {
        precondition(!candidates.isEmpty, "there is nothing to choose from")
        self.candidates = candidates.count
        var hits: [Int32] = []
        var reciprocals: [Int64] = []
        hits.reserveCapacity(table.queries * candidates.count)
        reciprocals.reserveCapacity(table.queries * candidates.count)
        for query in 0..<table.queries {
            for candidate in candidates {
                let rank = table[query, candidate]
                hits.append(rank == 1 ? 1 : 0)
                reciprocals.append((1 << 40) / Int64(rank))
            }
        }
        self.hits = hits
        self.reciprocals = reciprocals
    }

    /// The index of the best candidate for some queries: the one with the most ranks of 1, then with the largest sum of
    /// reciprocal ranks, then the earliest.
    func best(for queries: some Sequence<Int>) -> Int {
        var hitSums = [Int32](repeating: 0, count: candidates)
        var reciprocalSums = [Int64](repeating: 0, count: candidates)
        for query in queries {
            let row = query * candidates
            for candidate in 0..<candidates {
                hitSums[candidate] += hits[row + candidate]
                reciprocalSums[candidate] += reciprocals[row + candidate]
            }
        }
        var best = 0
        for candidate in 1..<max(candidates, 1)
        where (hitSums[candidate], reciprocalSums[candidate]) > (hitSums[best], reciprocalSums[best]) {
            best = candidate
        }
        return best
    }
}
