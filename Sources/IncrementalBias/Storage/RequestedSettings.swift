package import VectorMath

/// The settings that the caller of ``Corpus`` requires of a store.
///
/// ``StoreSettings`` are the settings that a store has.
package struct RequestedSettings: Equatable, Sendable {
    package let metric: Metric
    package let precision: Precision
    /// The capacity of a heap; `nil` accepts the capacity of the store, and gives a new store the default capacity.
    package let capacity: Int?

    /// Creates a request.
    ///
    /// - Parameters:
    ///   - metric: how the similarity of two vectors is computed.
    ///   - precision: the number format of stored vectors.
    ///   - capacity: the maximum number of references in a heap, at least k; `nil` for the store's or the default.
    package init(metric: Metric, precision: Precision, capacity: Int? = nil) {
        self.metric = metric
        self.precision = precision
        self.capacity = capacity
    }
}
