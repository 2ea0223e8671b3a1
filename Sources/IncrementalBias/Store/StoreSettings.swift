internal import Foundation
package import Similarity

/// What fixes a store: chosen when it is made, kept in it, the same ever after.
package struct StoreSettings: Codable, Equatable, Sendable {
    package let metric: Metric
    package let precision: Precision
    /// How many references a heap can hold.
    package let capacity: Int

    /// - Parameters:
    ///   - metric: what the similarity of two vectors is.
    ///   - precision: how numbers of stored vectors are kept.
    ///   - capacity: how many references a heap can hold, at least the `k` in use.
    package init(metric: Metric, precision: Precision, capacity: Int) {
        self.metric = metric
        self.precision = precision
        self.capacity = capacity
    }

    /// The capacity for a given `k` unless told otherwise: a quarter more, so that a heap can lose references without a
    /// new search.
    ///
    /// At k = 128 the slack costs no disk space: 160 fill the same pages as 128 (docs/design.md).
    package static func defaultCapacity(k: Int) -> Int {
        k + max(8, k / 4)
    }
}
