/// How elements of the type V2 in an .npy array of vectors are read: two bytes whose meaning the file does not state.
///
/// numpy saves arrays of bfloat16 (a type of the package ml_dtypes) in this way.
package enum V2Elements: String, CaseIterable, Sendable {
    /// Such arrays are rejected.
    case reject
    /// The elements are bfloat16.
    case bfloat16
}
