/// Vectors as the store keeps them: normalised under the cosine metric, rounded to the store's precision.
package struct PreparedVectors: Sendable {
    /// Rows x dimension.
    let values: [Float]
    let dimension: Int

    /// The size of the vectors in memory, in bytes.
    package var byteCount: Int { values.count * MemoryLayout<Float>.stride }
}
