internal import Foundation
package import VectorMath

/// What fixes a store: chosen when it is made, kept in it, the same ever after.
package struct StoreSettings: Codable, Equatable, Sendable {
    package let metric: Metric
    package let precision: Precision
    /// How many references a heap can hold.
    package private(set) var capacity: Int
    /// Whether somebody asked for this capacity: else a store keeps the one that it was made with.
    package let capacityIsWanted: Bool

    /// - Parameters:
    ///   - metric: what the similarity of two vectors is.
    ///   - precision: how numbers of stored vectors are kept.
    ///   - capacity: how many references a heap can hold, at least the `k` in use.
    package init(metric: Metric, precision: Precision, capacity: Int) {
        self.metric = metric
        self.precision = precision
        self.capacity = capacity
        capacityIsWanted = true
    }

    /// - Parameters:
    ///   - metric: what the similarity of two vectors is.
    ///   - precision: how numbers of stored vectors are kept.
    ///   - k: what a new store's capacity follows from; an old one keeps its own.
    package init(metric: Metric, precision: Precision, k: Int) {
        self.metric = metric
        self.precision = precision
        capacity = Self.defaultCapacity(k: k)
        capacityIsWanted = false
    }

    private enum CodingKeys: CodingKey {
        case metric, precision, capacity
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            metric: try container.decode(Metric.self, forKey: .metric),
            precision: try container.decode(Precision.self, forKey: .precision),
            capacity: try container.decode(Int.self, forKey: .capacity))
    }

    /// Throws ``StoreError/settingDiffers(name:stored:wanted:)`` for the first setting in which `wanted` differs that only
    /// a new store can have.
    func check(_ wanted: StoreSettings) throws {
        try check("metric", metric.rawValue, wanted.metric.rawValue)
        try check("precision", precision.rawValue, wanted.precision.rawValue)
    }

    /// Throws ``StoreError/settingDiffers(name:stored:wanted:)`` where `wanted` has another capacity.
    func checkCapacity(_ wanted: StoreSettings) throws {
        try check("capacity", String(capacity), String(wanted.capacity))
    }

    private func check(_ name: String, _ stored: String, _ wanted: String) throws {
        guard stored == wanted else { throw StoreError.settingDiffers(name: name, stored: stored, wanted: wanted) }
    }

    /// The capacity for a given `k` unless told otherwise: a quarter more, so that a heap can lose references without a
    /// new search.
    ///
    /// docs/bias-maintenance.md has the measurement.
    package static func defaultCapacity(k: Int) -> Int {
        k + max(8, k / 4)
    }
}
