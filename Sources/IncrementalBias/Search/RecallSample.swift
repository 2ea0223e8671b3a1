/// A query that an approximate search has answered, to be searched for again exactly.
struct RecallSample: Sendable {
    /// The vector, normalised under the cosine metric.
    let vector: [Float]
    let alpha: Float
    let topK: Int
    /// The recall that was asked for.
    let target: Double
    /// The effort that was in force, see ``RecallEffort/misses``.
    let misses: Double
    /// The number of rows that were scored exactly.
    let candidates: Int
    /// The number of cells that were read; `nil` if all rows were compared.
    let probes: Int?
}

/// A query that has been searched for again exactly.
struct MeasuredSample: Sendable {
    let sample: RecallSample
    /// The number of images in the exact answer, and how many of them the approximate one has.
    let total: Int
    let found: Int
}
