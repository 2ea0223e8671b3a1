/// What became of one shard of a commit.
package enum ShardOutcome: Sendable {
    /// It took effect.
    case applied(Receipt)
    /// It had taken effect before, by this receipt; nothing changed.
    case unchanged(Receipt)
    /// It can't take effect, and changed nothing.
    case rejected(ShardRejection)
}

/// Why the vectors of a shard can't go into this corpus.
package enum ShardRejection: Error, Equatable, Sendable {
    /// The corpus has vectors of another dimension.
    case wrongDimension(found: Int, expected: Int)
    /// More numbers per vector than ``StoreLayout/largestDimension``.
    case dimensionTooLarge(Int)
    /// Rows of length 0, which have no direction, under the cosine metric: the first of them.
    case zeroVectors(rows: [Int])
    /// Rows longer than ``Metric/greatestNorm`` under the inner product, or with numbers that the store's precision
    /// can't hold: the first of them.
    case tooLarge(rows: [Int])
}
