/// A candidate of a scan: an image that bounds could not exclude, with the bounds of its score for one query.
struct ScoreInterval: Sendable {
    /// The row of the image in the store.
    let row: UInt32
    let lower: Float
    let upper: Float
}
