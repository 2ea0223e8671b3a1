/// The outcome of one shard in a commit.
package enum ShardOutcome: Sendable {
    /// The shard took effect.
    case applied(Receipt)
    /// The shard had taken effect before, with this receipt; nothing changed.
    case unchanged(Receipt)
    /// The shard can't take effect, and changed nothing.
    case rejected(ShardRejection)
}

/// The reasons why the vectors of a shard can't be added to this corpus.
package enum ShardRejection: Error, Equatable, Sendable {
    /// The vectors of the corpus have another dimension.
    case wrongDimension(found: Int, expected: Int)
    /// The dimension is larger than ``StoreLayout/largestDimension``.
    case dimensionTooLarge(Int)
    /// Rows have length 0, and so no direction under the cosine metric; the first of them.
    case zeroVectors(rows: [Int])
    /// Rows are longer than ``Metric/greatestNorm`` under the inner product, or have numbers beyond the range of the store's
    /// precision; the first of them.
    case tooLarge(rows: [Int])
}
