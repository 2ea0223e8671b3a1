import Foundation

/// How far the labels of the first images of queries are from the labels of all images.
///
/// The measures are meant for neutral queries, which ask for none of the labels, and are means over the queries. Only
/// labelled images count: images without a label are neither in the rankings nor in the shares.
///
/// Source: Geyik, Ambler and Kenthapadi, "Fairness-aware ranking in search & recommendation systems with application to
/// LinkedIn talent search", KDD 2019.
package struct GroupMeasures: Equatable, Sendable {
    /// The measures for each n, in the order of the given sizes.
    package let sizes: [Size]
    /// The normalized discounted cumulative Kullback-Leibler divergence of the first images, as many as the largest n,
    /// in nats (definition 4).
    package let ndkl: Double

    /// The measures of the first n images.
    package struct Size: Equatable, Sendable {
        package let n: Int
        /// (images with label 0 - images with label 1) / images; `nil` unless there are two labels.
        package let bias: Double?
        /// The largest ln(share of a label among the first n images / its share of all images) (definition 3).
        package let maxSkew: Double
    }

    /// Measures the rankings of some queries; all measures are 0 without queries.
    ///
    /// A ranking that is shorter than n is measured as a whole; an empty one adds zeros to the means.
    ///
    /// - Parameters:
    ///   - rankings: for each query the label of each image by rank, an index into `shares`.
    ///   - shares: the share of each label among all labelled images, above 0.
    ///   - sizes: the numbers of images, n, each at least 1.
    package init(rankings: [[Int]], shares: [Double], sizes: [Int]) {
        func mean(_ measure: ([Int]) -> Double) -> Double {
            rankings.isEmpty ? 0 : rankings.reduce(0) { $0 + measure($1) } / Double(rankings.count)
        }
        self.sizes = sizes.map { n in
            Size(
                n: n, bias: shares.count == 2 ? mean { Self.bias($0.prefix(n)) } : nil,
                maxSkew: mean { Self.maxSkew($0.prefix(n), shares: shares) })
        }
        let largest = sizes.max() ?? 0
        ndkl = mean { Self.ndkl($0.prefix(largest), shares: shares) }
    }

    private static func bias(_ ranking: ArraySlice<Int>) -> Double {
        guard !ranking.isEmpty else { return 0 }
        return Double(ranking.count { $0 == 0 } - ranking.count { $0 == 1 }) / Double(ranking.count)
    }

    private static func maxSkew(_ ranking: ArraySlice<Int>, shares: [Double]) -> Double {
        // A label that does not occur has the skew -infinity, and is never the largest.
        let skews = counts(ranking, labels: shares.count).enumerated().filter { $0.element > 0 }.map {
            log(Double($0.element) / Double(ranking.count) / shares[$0.offset])
        }
        return skews.max() ?? 0
    }

    private static func ndkl(_ ranking: ArraySlice<Int>, shares: [Double]) -> Double {
        var counts = [Int](repeating: 0, count: shares.count)
        var (sum, weights) = (0.0, 0.0)
        for (place, label) in ranking.enumerated() {
            counts[label] += 1
            let weight = 1 / log2(Double(place + 2))
            sum += weight * divergence(counts, of: place + 1, from: shares)
            weights += weight
        }
        return weights > 0 ? sum / weights : 0
    }

    /// The Kullback-Leibler divergence of the shares of labels from the given shares, in nats.
    private static func divergence(_ counts: [Int], of total: Int, from shares: [Double]) -> Double {
        zip(counts, shares).reduce(0) { sum, label in
            let share = Double(label.0) / Double(total)
            return share > 0 ? sum + share * log(share / label.1) : sum
        }
    }

    private static func counts(_ ranking: ArraySlice<Int>, labels: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: labels)
        for label in ranking { counts[label] += 1 }
        return counts
    }
}
