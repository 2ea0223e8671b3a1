package import VectorMath

/// The settings that a caller asks a store for; see ``StoreSettings`` for those that a store has.
package struct RequestedSettings: Equatable, Sendable {
    package let metric: Metric
    package let precision: Precision
    /// The capacity of a heap; `nil` for the capacity of the store, or the default in a new store.
    package let capacity: Int?

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - metric: how the similarity of two vectors is computed.
    ///   - precision: the format of the numbers of stored vectors.
    ///   - capacity: how many references a heap can hold, at least the `k` in use.
    package init(metric: Metric, precision: Precision, capacity: Int? = nil) {
        self.metric = metric
        self.precision = precision
        self.capacity = capacity
    }
}
