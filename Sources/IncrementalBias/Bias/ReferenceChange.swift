/// A change to the set of references that one pass over the images applies to all heaps.
struct ReferenceChange: Sendable {
    /// Rows whose vectors leave the corpus.
    var removed = RowSet()
    /// Rows that get a new vector; they can be among the removed ones.
    var addedRows: [UInt32] = []
    /// The new vectors, addedRows.count x dimension, rounded to the store's precision.
    var addedValues: [Float] = []
    /// The number of references after the removal and before the addition.
    var countBetween: Int
    /// The number of references after the change.
    var count: Int
    /// Whether every mean must be computed anew because `k` has changed.
    var kChanged = false

    /// Whether every heap must be read, not only those that a new reference enters.
    var concernsAll: Bool { !removed.isEmpty || kChanged }
}
