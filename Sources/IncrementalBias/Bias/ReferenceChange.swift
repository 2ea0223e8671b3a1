/// A change of the references, which one pass over the images applies to all heaps.
///
/// A replaced reference is both removed and added. The removal happens first.
struct ReferenceChange: Sendable {
    /// The rows of references whose old vectors leave the heaps.
    var removed = RowSet()
    /// The rows that get a new vector.
    var addedRows: [UInt32] = []
    /// The new vectors, addedRows.count x dimension, rounded to the store's precision.
    var addedValues: [Float] = []
    /// The number of references after the removal and before the addition.
    var countAfterRemoval: Int
    /// The number of references after the whole change.
    var countAfterChange: Int
    /// Whether all means must be recomputed because `k` has changed.
    var kChanged = false
}
