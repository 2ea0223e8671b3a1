package import VectorMath

/// The settings that a store is made with, keeps, and never changes.
package struct StoreSettings: Codable, Equatable, Sendable {
    package let metric: Metric
    package let precision: Precision
    /// How many references a heap can hold.
    package let capacity: Int

    /// Makes the settings of a store.
    ///
    /// - Parameters:
    ///   - metric: how the similarity of two vectors is computed.
    ///   - precision: the format of the numbers of stored vectors.
    ///   - capacity: how many references a heap can hold, at least the `k` in use.
    package init(metric: Metric, precision: Precision, capacity: Int) {
        self.metric = metric
        self.precision = precision
        self.capacity = capacity
    }

    /// The settings of a new store.
    ///
    /// - Parameters:
    ///   - requested: the settings that the caller asks for.
    ///   - k: how many similarities a mean takes; the default capacity follows from it.
    package init(_ requested: RequestedSettings, k: Int) {
        self.init(
            metric: requested.metric, precision: requested.precision,
            capacity: requested.capacity ?? Self.defaultCapacity(k: k))
    }

    /// Checks that the store can be opened as requested.
    ///
    /// - Throws: ``StoreError/settingDiffers(name:stored:wanted:)`` for the first setting that differs.
    package func check(_ requested: RequestedSettings) throws(StoreError) {
        try checkFormat(requested)
        if let wanted = requested.capacity { try Self.compare("capacity", String(capacity), String(wanted)) }
    }

    /// Checks the settings that the stored vectors depend on, which a rebuild can't change either.
    ///
    /// - Throws: ``StoreError/settingDiffers(name:stored:wanted:)`` for the first setting that differs.
    package func checkFormat(_ requested: RequestedSettings) throws(StoreError) {
        try Self.compare("metric", metric.rawValue, requested.metric.rawValue)
        try Self.compare("precision", precision.rawValue, requested.precision.rawValue)
    }

    /// The settings of a store that a rebuild makes from this one.
    ///
    /// The store keeps its capacity where none is requested, unless `k` exceeds it.
    ///
    /// - Throws: ``StoreError/settingDiffers(name:stored:wanted:)``, ``StoreError/kBeyondCapacity(k:capacity:)``.
    package func rebuilt(as requested: RequestedSettings, k: Int) throws(StoreError) -> StoreSettings {
        try checkFormat(requested)
        let kept = k > capacity ? Self.defaultCapacity(k: k) : capacity
        let settings = StoreSettings(metric: metric, precision: precision, capacity: requested.capacity ?? kept)
        try settings.check(k: k)
        return settings
    }

    /// Checks that heaps can hold the references that a mean of `k` similarities takes.
    ///
    /// - Throws: ``StoreError/kBeyondCapacity(k:capacity:)``.
    package func check(k: Int) throws(StoreError) {
        guard k <= capacity else { throw .kBeyondCapacity(k: k, capacity: capacity) }
    }

    private static func compare(_ name: String, _ stored: String, _ wanted: String) throws(StoreError) {
        guard stored == wanted else { throw .settingDiffers(name: name, stored: stored, wanted: wanted) }
    }

    /// The default capacity for `k`: a quarter more, so that a heap can lose references without a new search.
    ///
    /// docs/bias-maintenance.md has the measurement.
    package static func defaultCapacity(k: Int) -> Int {
        k + max(8, k / 4)
    }
}
