/// The outcome of one shard in a commit.
package enum ShardOutcome: Sendable {
    /// The shard took effect.
    case applied(Receipt)
    /// The shard changed nothing, because it took effect in an earlier commit, with this receipt.
    case unchanged(Receipt)
    /// The shard changed nothing, because it can't be added to the corpus.
    case rejected(ShardRejection)
}

/// The reasons why the vectors of a shard can't be added to the corpus.
///
/// Rows are counted from 0 in the shard.
package enum ShardRejection: Error, Equatable, Sendable {
    /// The dimension of the vectors (`found`) differs from that of the corpus (`expected`).
    case wrongDimension(found: Int, expected: Int)
    /// The dimension is larger than ``StoreLayout/maximumDimension``.
    case dimensionTooLarge(Int)
    /// The metric is `cosine`, and these rows contain only zeros; at most the first 20 such rows.
    case zeroVectors(rows: [Int])
    /// The metric is `inner-product`, and these rows have a norm above ``Metric/maximumNorm`` or a number beyond the
    /// range of the store's precision; at most the first 20 such rows.
    case tooLarge(rows: [Int])
}
