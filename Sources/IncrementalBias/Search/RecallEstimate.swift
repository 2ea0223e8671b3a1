internal import Foundation

/// The recall of approximate searches with one target, measured on a sample of live queries.
package struct RecallEstimate: Equatable, Sendable {
    /// The recall that the searches asked for.
    package let target: Double
    /// The number of queries measured.
    package let queries: Int
    /// The share of the images in the exact answers that the approximate ones have too.
    package let recall: Double
    /// The bounds of the 95% interval of `recall`.
    package let low: Double
    package let high: Double
}

/// The last measured queries of one target.
struct RecallWindow: Sendable {
    /// For each query the number of images in the exact answer, and how many of them the approximate one has.
    private var queries: [(found: Int, total: Int)] = []
    private var next = 0

    /// The number of queries that are kept.
    private static let capacity = 1000
    /// Of a normal distribution, 95% lie within so many standard deviations.
    private static let deviations = 1.96

    /// Records a measured query, in place of the oldest one if there are many.
    mutating func record(found: Int, total: Int) {
        guard total > 0 else { return }
        if queries.count < Self.capacity {
            queries.append((found, total))
        } else {
            queries[next] = (found, total)
            next = (next + 1) % Self.capacity
        }
    }

    /// The recall with its interval; `nil` before the first query.
    ///
    /// Wilson's interval for a proportion (JASA 1927). The misses of one query are not independent, so the number of
    /// images is divided by the design effect of clusters (Kish, Survey Sampling, 1965, section 5.4): the variance of
    /// the mean over queries in proportion to that of independent images.
    func estimate(target: Double) -> RecallEstimate? {
        guard !queries.isEmpty else { return nil }
        let total = Double(queries.reduce(0) { $0 + $1.total })
        let recall = Double(queries.reduce(0) { $0 + $1.found }) / total
        let count = Double(queries.count)
        let size = total / count
        let squares = queries.reduce(0.0) { sum, query in
            let difference = (Double(query.found) - recall * Double(query.total)) / size
            return sum + difference * difference
        }
        let independent = recall * (1 - recall) / size
        let effect = independent > 0 ? max(1, squares / max(1, count - 1) / independent) : 1
        let images = total / effect
        let z = Self.deviations * Self.deviations / images
        let center = (recall + z / 2) / (1 + z)
        let half = Self.deviations / (1 + z) * (recall * (1 - recall) / images + z / (4 * images)).squareRoot()
        return RecallEstimate(
            target: target, queries: queries.count, recall: recall, low: max(0, center - half),
            high: min(1, center + half))
    }
}
