/// Vectors in the form in which they are stored: normalised under the metric `cosine`, and rounded to the store's
/// precision.
package struct PreparedVectors: Sendable {
    /// The vectors, rows x dimension.
    let values: [Float]
    let dimension: Int

    /// The size of the vectors in memory, in bytes.
    package var byteCount: Int { values.count * MemoryLayout<Float>.stride }
}
