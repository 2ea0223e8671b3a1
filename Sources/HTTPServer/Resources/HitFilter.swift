internal import IncrementalBias

/// Which of the images that a search finds become hits.
struct HitFilter {
    /// The maximum number of hits of a query.
    let topK: Int
    /// The smallest score of a hit; `nil` for no limit.
    var minScore: Float?
    /// For each query the id of an image that is no hit: the image whose vector the query is; empty if there is none.
    var excluded: [String] = []

    /// The number of images to search for, so that enough are left for each query.
    var searched: Int { excluded.isEmpty ? topK : topK + 1 }

    /// The hits of each query.
    ///
    /// - Parameter found: for each query the ``searched`` images with the largest scores, by falling score.
    func hits(_ found: [[SearchHit]]) -> [[SearchHit]] {
        guard minScore != nil || !excluded.isEmpty else { return found }
        return found.enumerated().map { query, images in
            let others = excluded.isEmpty ? images : images.filter { $0.id != excluded[query] }
            return Array(others.prefix(topK).prefix { image in minScore.map { image.score >= $0 } ?? true })
        }
    }
}
