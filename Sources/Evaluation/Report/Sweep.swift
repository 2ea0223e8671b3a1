internal import IncrementalBias

/// All pairs of k and alpha, by rising k and then alpha, and the ranking without correction.
struct Sweep {
    /// A pair.
    struct Pair: Equatable {
        let k: Int
        let alpha: Float
    }

    /// The values of k, ascending; each has a column of means.
    let ks: [Int]
    /// All pairs of k and alpha.
    let pairs: [Pair]
    /// The ways to score: the pairs, and last the ranking without correction if no pair has the alpha 0.
    let variants: ScoreVariants
    /// The variant without correction.
    let none: Int
    /// The variant with the k and alpha of the daemon's searches.
    let current: Int

    /// - Parameters:
    ///   - k: the k of the daemon's searches; one of `options.ks`.
    ///   - alpha: the alpha of the daemon's searches; one of `options.alphas`.
    init(_ options: EvaluationOptions, k: Int, alpha: Float) {
        ks = options.ks
        let pairs = options.ks.flatMap { k in options.alphas.map { Pair(k: k, alpha: $0) } }
        var variants = options.ks.indices.flatMap { column in options.alphas.map { (column: column, weight: $0) } }
        if let none = pairs.firstIndex(where: { $0.alpha == 0 }) {
            self.none = none
        } else {
            none = variants.count
            // With the weight 0 any column gives the same scores.
            variants.append((column: options.ks.count - 1, weight: 0))
        }
        current = pairs.firstIndex(of: Pair(k: k, alpha: alpha)) ?? none
        self.pairs = pairs
        self.variants = ScoreVariants(variants)
    }
}
