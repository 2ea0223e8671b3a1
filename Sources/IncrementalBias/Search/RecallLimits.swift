/// When searches can be approximate, and how carefully they are calibrated.
package struct RecallLimits: Sendable {
    /// The smallest number of images for which searches can be approximate.
    var minimumImages: Int
    /// The largest number of images for each query for which searches can be approximate.
    var maximumTopK: Int
    /// The number of references that a calibration searches for, at most.
    var queries: Int
    /// The smallest number of references that allow a calibration.
    var minimumQueries: Int
    /// The largest number of rows that are scored exactly for a query.
    var maximumCandidates: Int
    /// Of this number of images, at most one is scored exactly for a query.
    var imagesPerCandidate: Int
    /// The number of alphas with a calibration; those used last are kept.
    var alphas: Int

    /// The limits of the daemon.
    package static let standard = RecallLimits()

    /// Creates limits.
    ///
    /// - Parameters:
    ///   - minimumImages: tests use fewer than the daemon.
    ///   - queries: tests use fewer than the daemon.
    package init(minimumImages: Int = 10_000, queries: Int = 1024) {
        (self.minimumImages, self.queries) = (minimumImages, queries)
        (maximumTopK, minimumQueries, maximumCandidates, imagesPerCandidate, alphas) = (100, 100, 2048, 16, 16)
    }

    /// The largest number of rows that are scored exactly for a query, among so many images.
    func candidates(among images: Int) -> Int { min(maximumCandidates, images / imagesPerCandidate) }
}
