/// A query that an approximate search has answered, to be searched for again exactly.
struct RecallSample: Sendable {
    /// The vector, normalised under the cosine metric.
    let vector: [Float]
    let alpha: Float
    let topK: Int
    /// The recall that was asked for.
    let target: Double
    /// The number of rows that were scored exactly.
    let candidates: Int
}
