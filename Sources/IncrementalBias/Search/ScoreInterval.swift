/// A row with a lower and an upper bound of its score.
struct ScoreInterval: Sendable {
    let row: UInt32
    let lower: Float
    let upper: Float
}
