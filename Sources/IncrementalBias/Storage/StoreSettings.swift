package import VectorMath

/// The settings that a store gets when it is created.
///
/// Only a rebuild can change one of them, the capacity.
package struct StoreSettings: Codable, Equatable, Sendable {
    package let metric: Metric
    package let precision: Precision
    /// The maximum number of references in a heap.
    package let capacity: Int

    /// Creates settings.
    ///
    /// - Parameters:
    ///   - metric: how the similarity of two vectors is computed.
    ///   - precision: the number format of stored vectors.
    ///   - capacity: the maximum number of references in a heap, at least k.
    package init(metric: Metric, precision: Precision, capacity: Int) {
        self.metric = metric
        self.precision = precision
        self.capacity = capacity
    }

    /// Creates the settings of a new store.
    ///
    /// - Parameters:
    ///   - requested: the settings that the caller requires.
    ///   - k: the number of largest similarities that a mean averages; it determines the default capacity.
    package init(_ requested: RequestedSettings, k: Int) {
        self.init(
            metric: requested.metric, precision: requested.precision,
            capacity: requested.capacity ?? Self.defaultCapacity(k: k))
    }

    /// Checks that the store has the requested settings.
    ///
    /// - Throws: ``StoreError/settingDiffers(name:stored:wanted:)`` for the first setting that differs.
    package func check(_ requested: RequestedSettings) throws(StoreError) {
        try checkFormat(requested)
        if let wanted = requested.capacity { try Self.compare("capacity", String(capacity), String(wanted)) }
    }

    /// Checks metric and precision, on which the stored vectors depend.
    ///
    /// A rebuild can't change them.
    ///
    /// - Throws: ``StoreError/settingDiffers(name:stored:wanted:)`` for the first setting that differs.
    package func checkFormat(_ requested: RequestedSettings) throws(StoreError) {
        try Self.compare("metric", metric.rawValue, requested.metric.rawValue)
        try Self.compare("precision", precision.rawValue, requested.precision.rawValue)
    }

    /// The settings that the store has after a rebuild.
    ///
    /// If no capacity is requested, the store keeps its capacity; if `k` exceeds it, it gets the default capacity.
    ///
    /// - Throws: ``StoreError/settingDiffers(name:stored:wanted:)``, ``StoreError/kBeyondCapacity(k:capacity:)``.
    package func rebuilt(as requested: RequestedSettings, k: Int) throws(StoreError) -> StoreSettings {
        try checkFormat(requested)
        let kept = k > capacity ? Self.defaultCapacity(k: k) : capacity
        let settings = StoreSettings(metric: metric, precision: precision, capacity: requested.capacity ?? kept)
        try settings.check(k: k)
        return settings
    }

    /// Checks that a heap can hold the references that a mean of `k` similarities needs.
    ///
    /// - Throws: ``StoreError/kBeyondCapacity(k:capacity:)``.
    package func check(k: Int) throws(StoreError) {
        guard k <= capacity else { throw .kBeyondCapacity(k: k, capacity: capacity) }
    }

    private static func compare(_ name: String, _ stored: String, _ wanted: String) throws(StoreError) {
        guard stored == wanted else { throw .settingDiffers(name: name, stored: stored, wanted: wanted) }
    }

    /// The default capacity for `k`: a quarter more than `k`, and at least 8 more.
    ///
    /// A heap with more than `k` references can lose some without a new search. docs/bias-maintenance.md has the
    /// measurement.
    package static func defaultCapacity(k: Int) -> Int {
        k + max(8, k / 4)
    }
}
